-- Send a waiting attempt's message again: the first one was lost. A duplicate is harmless, its claim fails.
-- id, attempt, message. Returns 'ok' or the job's status.
local id, attempt = ARGV[FIRST], ARGV[FIRST + 1]
local ours, status, queue = held(id, attempt)
if not ours or status ~= 'queued' then return status or 'unknown' end
enqueue(id, queue, attempt, ARGV[FIRST + 2], now_ms())
redis.call('HSET', job_key(id), 'resent', 1)
count('messages_lost|' .. queue)
return 'ok'
