-- Read entries as they are now, and how strict their scope is, in one step.
-- scope (OWNER/SCOPE), names of entries...
-- Returns {now (ms), {fields of the scope}, {fields of an entry}, ...}; the fields are those of cache_log.py and audit.py.
local reply = {now_ms(), redis.call('HMGET', P .. 'audit:' .. ARGV[FIRST],
  'level', 'since', 'until', 'pause', 'window', 'found_wrong', 'found_audited')}
for i = FIRST + 1, #ARGV do
  reply[#reply + 1] = redis.call('HMGET', P .. ARGV[i],
    'ref', 'job', 'result', 'model', 'route', 'text', 'tenant', 'vector')
end
return reply
