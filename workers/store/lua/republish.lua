-- Send a waiting attempt's message again: the first one was lost. A duplicate is harmless, its claim fails. One whose turn
-- to run apart has come goes to the head of its queue, or its turn would be over before it is taken.
-- id, attempt, message. Returns 'ok' or the job's status.
local id, attempt = ARGV[FIRST], ARGV[FIRST + 1]
local ours, status, queue = held(id, attempt)
if not ours or status ~= 'queued' then return status or 'unknown' end
local turn = redis.call('HEXISTS', job_key(id), 'apart') == 1
enqueue(id, queue, attempt, turn and '' or ARGV[FIRST + 2], now_ms())
if turn then redis.call('RPUSH', P .. queue, ARGV[FIRST + 2]) end
redis.call('HSET', job_key(id), 'resent', 1)
count('messages_lost|' .. queue)
return 'ok'
