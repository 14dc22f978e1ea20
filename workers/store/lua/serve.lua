-- End a job with an answer of the cache, if it is still the answer that was found.
-- id, attempt held, entry (its key without the prefix), job that gave the answer, tier, similarity or '', reason, then fields.
-- Returns 'ok', 'gone' when the entry was removed or replaced meanwhile, or the job's status.
local id, attempt, entry = ARGV[FIRST], ARGV[FIRST + 1], P .. ARGV[FIRST + 2]
local ours, status = held(id, attempt)
if not ours or status ~= 'running' then return status or 'unknown' end
local r = redis.call('HMGET', entry, 'job', 'task_type', 'lane')
if r[1] ~= ARGV[FIRST + 3] then return 'gone' end
set_fields(id, FIRST + 7)
redis.call('HSET', job_key(id), 'task_type', r[2] or '', 'lane', r[3] or '')
note_hit(entry, id, redis.call('HGET', job_key(id), 'tenant'), ARGV[FIRST + 4], ARGV[FIRST + 5], ARGV[FIRST + 6])
append(id, 'cache', '{"outcome":"hit","tier":' .. cjson.encode(ARGV[FIRST + 4]) .. ',"reason":' .. cjson.encode(ARGV[FIRST + 6]) .. '}')
local now = now_ms()
observe('stage|classify|cache', now - (tonumber(redis.call('HGET', job_key(id), 'attempt_at')) or now))
end_job(id, 'succeeded', now, '{"status":"succeeded"}')
return 'ok'
