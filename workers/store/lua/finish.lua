-- End a job, once, by the attempt that holds it: result, event, cache entry and history appear together.
-- id, attempt held, status expected ('' for any), terminal status, done event's data, finished attempt (JSON or ''),
-- failure-log entry (JSON or ''), its tally name, cache key or '', its life (s), history name or '', duration (s),
-- then fields. Returns 'ok' or the job's status.
local id, attempt, expected, terminal = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2], ARGV[FIRST + 3]
local ours, status = held(id, attempt)
if ours and status == terminal and ends_with(id, 'attempts', ARGV[FIRST + 5]) then return 'ok' end -- reply lost
if not ours or TERMINAL[status] or (expected ~= '' and status ~= expected) then return status or 'unknown' end
local now = now_ms()
set_fields(id, FIRST + 12)
add_attempt(id, ARGV[FIRST + 5], now)
if ARGV[FIRST + 6] ~= '' then
  redis.call('XADD', P .. 'failures', 'MAXLEN', '~', 10000, '*', 'entry', ARGV[FIRST + 6])
  redis.call('HINCRBY', P .. 'failures:count', ARGV[FIRST + 7], 1)
end
local exact, history = ARGV[FIRST + 8], ARGV[FIRST + 10]
local r = redis.call('HMGET', job_key(id), 'tenant', 'result', 'model', 'route', 'lane', 'task_type')
if exact ~= '' and r[2] then keep_entry(id, exact, ARGV[FIRST + 9], now) end
if history ~= '' then
  if r[5] == 'reasoning' and r[6] then note_outcome(r[6], r[3] or '', false, now) end
  remember_duration(history, ARGV[FIRST + 11])
end
if string.find(ARGV[FIRST + 4], '"code":"poisoned"', 1, true) then
  local queue = redis.call('HGET', job_key(id), 'queue')
  count('poisoned|' .. queue)
  if queue == 'classify' then count('leases_lost|classify') end -- of an attempt in a lane, count_attempt did
end
end_job(id, terminal, now, ARGV[FIRST + 4])
return 'ok'
