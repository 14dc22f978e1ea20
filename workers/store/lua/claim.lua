-- Take a waiting attempt: only one worker can, and only while it is the current attempt.
-- id, attempt, queue, worker, names of the fields to return. Returns {status} when refused, else {'claimed', now, ...}.
local id, attempt, queue, worker = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2], ARGV[FIRST + 3]
local key = job_key(id)
local r = redis.call('HMGET', key, 'status', 'attempt', 'queue', 'queued_at', 'worker', 'lane')
local now = now_ms()
local again = r[1] == 'running' and r[5] == worker -- our own claim, whose reply was lost
if r[2] ~= attempt or r[3] ~= queue or not (r[1] == 'queued' or again) then return {r[1] or 'unknown'} end
if not again then
  local phase = queue == 'classify' and 'classifying' or 'waiting'
  redis.call('HSET', key, 'status', 'running', 'phase', phase, 'worker', worker, 'attempt_at', whole(now),
    'thinking_tokens', 0, 'answer_tokens', 0)
  redis.call('HDEL', key, 'first_token_at')
  redis.call('ZREM', P .. 'waiting:' .. queue, id)
  redis.call('SET', P .. 'claimed:' .. queue, r[4])
  step(id, phase, now, queue ~= 'classify' and queue or nil, attempt)
  if queue ~= 'classify' then
    redis.call('HSETNX', key, 'started_at', whole(now))
    event(id, 'started', '{"lane":"' .. queue .. '","attempt":' .. attempt .. '}')
  end
end
redis.call('ZADD', P .. 'due', now + LEASE, id)
local wanted = {}
for i = FIRST + 4, #ARGV do wanted[#wanted + 1] = ARGV[i] end
local reply = redis.call('HMGET', key, unpack(wanted))
table.insert(reply, 1, whole(now))
table.insert(reply, 1, 'claimed')
return reply
