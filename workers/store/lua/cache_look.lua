-- Read what a look-up needs in one step: what came in the cache's log after a position, how strict the scope is, and entries
-- as they are now. Nothing is put before this script: it runs for every query.
-- Key prefix; position ('' for a reader that has none), most rows, scope (OWNER/SCOPE), names of entries...
-- Returns {tail, now (ms), {fields of the scope}, {fields of an entry}, ...}; of a scope that no audit has touched, 0 and
-- no fields; the tail is {'rows', op, ref, encoder, id, ...}
-- or, when the position is not in the log, {'lost'}. The fields are those of cache_log.py and audit.py.
local P, position, most = KEYS[1], ARGV[1], tonumber(ARGV[2])
local tail = {'lost'}
local rows = position ~= '' and redis.call('XRANGE', P .. 'cache:log', position, '+', 'COUNT', most + 1) or {}
if rows[1] and rows[1][1] == position then
  tail[1] = 'rows'
  for i = 2, #rows do
    local fields = rows[i][2]
    tail[#tail + 1] = fields[2]
    tail[#tail + 1] = fields[4]
    tail[#tail + 1] = fields[6]
    tail[#tail + 1] = rows[i][1]
  end
end
local temper = redis.call('HMGET', P .. 'audit:' .. ARGV[3],
  'level', 'since', 'until', 'pause', 'window', 'found_wrong', 'found_audited')
local reply = {tail, 0, {}}
if temper[1] then
  local t = redis.call('TIME')
  reply = {tail, t[1] * 1000 + math.floor(t[2] / 1000), temper}
end
for i = 4, #ARGV do
  reply[#reply + 1] = redis.call('HMGET', P .. ARGV[i],
    'ref', 'job', 'result', 'model', 'route', 'text', 'tenant')
end
return reply
