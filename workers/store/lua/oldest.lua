-- For how long the oldest job waits in each of some queues; one that waits for another job's answer (join.lua) is passed over.
-- queues. Returns a queue's age in ms, 0 for an empty one.
local MOST = 1000 -- looked at; of more that all wait for answers, none is old by itself
local now, ages = now_ms(), {}
for i = FIRST, #ARGV do
  local age, from = 0, 0
  while age == 0 and from < MOST do
    local rows = redis.call('ZRANGE', P .. 'waiting:' .. ARGV[i], from, from + 49, 'WITHSCORES')
    if not rows[1] then break end
    for j = 1, #rows, 2 do
      if redis.call('HEXISTS', job_key(rows[j]), 'joined') == 0 then
        age = math.max(1, now - rows[j + 1])
        break
      end
    end
    from = from + 50
  end
  ages[#ages + 1] = age
end
return ages
