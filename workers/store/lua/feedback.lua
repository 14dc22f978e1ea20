-- Keep what a job's owner says of its answer; the last word counts. A wrong answer leaves the cache at once, also when
-- this job was only given it.
-- id, tenant, feedback (JSON), '1' when the answer was wrong.
-- Returns 'ok', 'unknown', or the status of a job that has no answer.
local id, tenant = ARGV[FIRST], ARGV[FIRST + 1]
local key = job_key(id)
local r = redis.call('HMGET', key, 'tenant', 'status', 'cache_key', 'cache_entry', 'cache_source')
if r[1] ~= tenant then return 'unknown' end
if r[2] ~= 'succeeded' then return r[2] end
redis.call('HSET', key, 'feedback', ARGV[FIRST + 2])
if ARGV[FIRST + 3] == '1' then
  local entries = {}
  if r[3] and r[3] ~= '' then entries[1] = entry_key(tenant, r[3]) end
  if r[4] then entries[#entries + 1] = P .. r[4] end
  for _, entry in ipairs(entries) do
    local source = redis.call('HGET', entry, 'job') -- an answer that was given since then by another job stays
    if source and (source == id or source == r[5]) then drop_key(entry) end
  end
end
return 'ok'
