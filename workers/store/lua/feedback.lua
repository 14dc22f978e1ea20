-- Keep what a job's owner says of its answer; the last word counts. A wrong answer leaves the exact cache at once.
-- id, tenant, feedback (JSON), '1' when the answer was wrong.
-- Returns 'ok', 'unknown', or the status of a job that has no answer.
local id, tenant = ARGV[FIRST], ARGV[FIRST + 1]
local key = job_key(id)
local r = redis.call('HMGET', key, 'tenant', 'status', 'cache_key', 'cache')
if r[1] ~= tenant then return 'unknown' end
if r[2] ~= 'succeeded' then return r[2] end
redis.call('HSET', key, 'feedback', ARGV[FIRST + 2])
if ARGV[FIRST + 3] == '1' and r[3] and r[3] ~= '' then
  local entry = P .. 'tenant:' .. tenant .. ':exact:' .. r[3]
  local source = redis.call('HGET', entry, 'job') -- an answer that was given since then by another job stays
  if source == id or (source and string.find(r[4] or '', source, 1, true)) then redis.call('DEL', entry) end
end
return 'ok'
