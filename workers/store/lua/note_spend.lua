-- Add what a cancelled attempt had cost until its worker learned of it. The job has ended, so nothing else changes.
-- id, attempt, finished attempt (JSON), usage (JSON), cost (US dollars). Returns 'ok' or the job's status.
local id, attempt = ARGV[FIRST], ARGV[FIRST + 1]
local ours, status = held(id, attempt)
if not ours or status ~= 'cancelled' then return status or 'unknown' end
if ends_with(id, 'attempts', ARGV[FIRST + 2]) then return 'ok' end -- our own, reply lost
add_attempt(id, ARGV[FIRST + 2], now_ms())
redis.call('HSET', job_key(id), 'usage', ARGV[FIRST + 3], 'cost_usd', ARGV[FIRST + 4])
return 'ok'
