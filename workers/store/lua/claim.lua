-- Take a waiting attempt: only one worker can, and only while it is the current attempt.
-- id, attempt, queue, worker, caller (names the one who may ask again after a lost reply; a duplicate message has
-- another, also within the same worker, or its attempt would run twice), names of the fields to return. Returns {status} when refused, else {'claimed', now, ...}.
local id, attempt, queue, worker = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2], ARGV[FIRST + 3]
local caller = ARGV[FIRST + 4]
local key = job_key(id)
local r = redis.call('HMGET', key, 'status', 'attempt', 'queue', 'queued_at', 'worker', 'caller', 'resent')
local now = now_ms()
local again = r[1] == 'running' and r[5] == worker and r[6] == caller
if r[2] ~= attempt or r[3] ~= queue or not (r[1] == 'queued' or again) then return {r[1] or 'unknown'} end
if not again then
  local phase = queue == 'classify' and 'classifying' or 'waiting'
  redis.call('HSET', key, 'status', 'running', 'phase', phase, 'worker', worker, 'caller', caller, 'attempt_at', whole(now),
    'thinking_tokens', 0, 'answer_tokens', 0)
  redis.call('HDEL', key, 'first_token_at')
  redis.call('ZREM', P .. 'waiting:' .. queue, id)
  observe('wait|' .. queue, now - r[4])
  -- A message that was sent again says nothing of its elders: the one claimed may be the first, which was not lost.
  if not r[7] then redis.call('SET', P .. 'claimed:' .. queue, r[4]) end
  redis.call('LPUSH', P .. 'claims:' .. queue, whole(now))
  redis.call('LTRIM', P .. 'claims:' .. queue, 0, 49)
  step(id, phase, now, queue ~= 'classify' and queue or nil, attempt)
  if queue ~= 'classify' then
    redis.call('HSETNX', key, 'started_at', whole(now))
    event(id, 'started', '{"lane":"' .. queue .. '","attempt":' .. attempt .. '}')
  end
end
redis.call('ZADD', P .. 'due', now + LEASE, id)
local wanted = {}
for i = FIRST + 5, #ARGV do wanted[#wanted + 1] = ARGV[i] end
local reply = redis.call('HMGET', key, unpack(wanted))
table.insert(reply, 1, whole(now))
table.insert(reply, 1, 'claimed')
return reply
