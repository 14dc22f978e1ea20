-- Give a job its next attempt in a queue: routed by the classifier, or re-enqueued to the fallback.
-- id, attempt held, status expected ('' for any that has not ended), queue, message of the next attempt, step name,
-- event type, event data, finished attempt (JSON or ''), failure-log entry (JSON or ''), its tally name,
-- then fields. Returns 'ok' or the job's status.
local id, attempt, expected, queue, message = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2], ARGV[FIRST + 3], ARGV[FIRST + 4]
local ours, status, from = held(id, attempt)
if not ours or TERMINAL[status] or (expected ~= '' and status ~= expected) then return status or 'unknown' end
local now = now_ms()
local following = tostring(tonumber(attempt) + 1)
if from then redis.call('ZREM', P .. 'waiting:' .. from, id) end
make_way(id, from)
set_fields(id, FIRST + 11)
redis.call('HSET', job_key(id), 'lane', queue)
add_attempt(id, ARGV[FIRST + 8], now)
if ARGV[FIRST + 9] ~= '' then
  redis.call('XADD', P .. 'failures', 'MAXLEN', '~', 10000, '*', 'entry', ARGV[FIRST + 9])
  redis.call('HINCRBY', P .. 'failures:count', ARGV[FIRST + 10], 1)
  local lane, task, model, cause = string.match(ARGV[FIRST + 10], '^([^|]*)|([^|]*)|(.*)|([^|]*)$')
  if lane == 'reasoning' and LATE[cause] then note_outcome(task, model, true, now) end
end
local r = redis.call('HMGET', job_key(id), 'attempt_at', 'cache', 'fallback')
if from == 'classify' then
  observe('stage|classify|' .. queue, now - (tonumber(r[1]) or now))
  if string.find(r[2] or '', '"outcome":"miss"', 1, true) then count('cache_misses') end
end
if queue == 'fallback' then count('fallbacks|' .. (string.match(r[3] or '', '"cause":"([^"]*)"') or 'unknown')) end
step(id, ARGV[FIRST + 5], now, queue, following)
event(id, ARGV[FIRST + 6], ARGV[FIRST + 7])
enqueue(id, queue, following, message, now)
if queue == 'fallback' then tell(id, 'job.fallback', now) end
return 'ok'
