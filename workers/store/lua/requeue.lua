-- Give an attempt that its worker lost or handed back to another worker, in the same queue.
-- id, attempt held, status expected, message of the next attempt ('' for one that is its last try and is to wait until it
-- may begin apart: overdue.lua), 1 when it counts as a crash, reason.
-- Returns 'ok' or the job's status.
local id, attempt, expected = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2]
local ours, status, queue = held(id, attempt)
if not ours or status ~= expected then return status or 'unknown' end
local now = now_ms()
local following = tostring(tonumber(attempt) + 1)
if ARGV[FIRST + 4] == '1' then redis.call('HINCRBY', job_key(id), 'crashes', 1) end
count((ARGV[FIRST + 4] == '1' and 'leases_lost|' or 'handed_back|') .. queue)
local lane = queue ~= 'classify' and queue or nil
step(id, ARGV[FIRST + 5], now, lane, following)
event(id, 'requeued', '{"reason":' .. cjson.encode(ARGV[FIRST + 5]) .. '}')
make_way(id, queue)
local last = ARGV[FIRST + 3] == '' or redis.call('HEXISTS', job_key(id), 'last_try') == 1 -- also when it is handed back
enqueue(id, queue, following, last and '' or ARGV[FIRST + 3], now)
if last then
  redis.call('HSET', job_key(id), 'apart', 1, 'last_try', 1)
  redis.call('ZADD', P .. 'due', now, id)
end
return 'ok'
