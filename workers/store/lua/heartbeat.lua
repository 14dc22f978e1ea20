-- Renew the leases of one worker process, write what changed, and tell it which attempts it lost.
-- worker, its queues joined by commas, then for each attempt six arguments: id, attempt, phase, thinking tokens, answer tokens, events (a JSON
-- text that goes into a `progress` event, or '').  Returns a status an attempt: 'running', or why it is lost.
local worker = ARGV[FIRST]
local now = now_ms()
local replies = {}
told = {}
for queue in string.gmatch(ARGV[FIRST + 1], '[^,]+') do
  redis.call('ZADD', P .. 'workers:' .. queue, now, worker)
  redis.call('ZREMRANGEBYSCORE', P .. 'workers:' .. queue, 0, now - 60000)
end
for i = FIRST + 2, #ARGV, 6 do
  local id, attempt, phase, data = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 5]
  local key = job_key(id)
  local r = redis.call('HMGET', key, 'status', 'attempt', 'worker', 'deadline_at', 'phase', 'first_token_at')
  if r[1] == 'running' and r[2] == attempt and r[3] == worker then
    redis.call('ZADD', P .. 'due', 'XX', math.min(now + LEASE, tonumber(r[4]) + LOST), id)
    if data ~= '' then
      redis.call('HSET', key, 'phase', phase, 'thinking_tokens', ARGV[i + 3], 'answer_tokens', ARGV[i + 4])
      if not r[6] and phase ~= 'waiting' then redis.call('HSET', key, 'first_token_at', whole(now)) end
      if r[5] ~= phase then step(id, phase, now, nil, attempt) end
      local last = redis.call('XREVRANGE', key .. ':events', '+', '-', 'COUNT', 1)[1]
      if not last or last[2][4] ~= data then event(id, 'progress', data) end -- else our own, reply lost
    end
    replies[#replies + 1] = 'running'
  else
    local lost = r[1] or 'unknown'
    if lost == 'running' or lost == 'queued' then lost = 'superseded' end
    replies[#replies + 1] = lost
  end
end
if #told > 0 then redis.call('XADD', P .. 'signal', 'MAXLEN', '~', 20000, '*', 'ids', table.concat(told, ',')) end
return replies
