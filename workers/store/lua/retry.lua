-- Begin a failed or cancelled job again from classification, with a fresh budget and the next attempt number.
-- id, tenant, attempt that the caller saw, message of the next attempt, then fields.
-- Returns 'ok', 'unknown', or the status that does not allow it.
local id, tenant, attempt = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2]
local key = job_key(id)
local r = redis.call('HMGET', key, 'tenant', 'status', 'attempt', 'deadline_ms', 'reasoning_ms')
if r[1] ~= tenant then return 'unknown' end
if not (r[2] == 'failed' or r[2] == 'cancelled') or r[3] ~= attempt then return r[2] end
local now = now_ms()
local following = tostring(tonumber(attempt) + 1)
redis.call('HDEL', key, 'finished_at', 'started_at', 'first_token_at', 'error', 'fallback', 'result', 'raw_text', 'lane',
  'model', 'route', 'served_by', 'truncated', 'repaired', 'hand_on', 'causes', 'expected', 'alone', 'waited', 'leads', 'last_try')
redis.call('HSET', key, 'crashes', 0, 'thinking_tokens', 0, 'answer_tokens', 0,
  'begun_at', whole(now), 'deadline_at', whole(now + r[4]), 'reasoning_until', whole(now + r[5]))
set_fields(id, FIRST + 4)
redis.call('PERSIST', key)
redis.call('PERSIST', key .. ':events')
list_job(id, tenant)
step(id, 'retried', now, nil, following)
event(id, 'queued', '{"retry":true}')
enqueue(id, 'classify', following, ARGV[FIRST + 3], now)
count('submissions|retried')
return 'ok'
