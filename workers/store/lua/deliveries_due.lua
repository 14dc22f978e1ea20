-- The deliveries whose time has come, for messages to the queue `deliver`; each is put off until its message counts as
-- lost, so that a process that dies before it sends one loses nothing. A paused target lets one delivery through at the
-- end of its pause, and the others once one has arrived, as many at once as it may have.
-- most, most messages that may lie in the queue, failures that pause a target, window (ms), most tries of a target at once.
-- Returns id and tries of each delivery, one after the other.
local most, room = tonumber(ARGV[FIRST]), tonumber(ARGV[FIRST + 1]) - untaken('deliver')
local limit, window, together = tonumber(ARGV[FIRST + 2]), tonumber(ARGV[FIRST + 3]), tonumber(ARGV[FIRST + 4])
local now = now_ms()

local found = {}

local function hint(id)
  redis.call('ZADD', P .. 'deliveries', now + LOST, id)
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', P .. 'delivery:' .. id, 'tries') or '0'
  room = room - 1
end

local function release(target, ids)
  for _, id in ipairs(ids) do
    if room <= 0 then return end
    redis.call('ZREM', target .. ':parked', id)
    hint(id)
  end
end

local function look_at(member)
  local target = P .. string.sub(member, 3)
  local r = redis.call('HMGET', target, 'failures', 'until', 'probe')
  local parked = target .. ':parked'
  release(target, redis.call('ZRANGEBYSCORE', parked, 0, now - window, 'LIMIT', 0, 100)) -- their last try
  local wait = math.max(tonumber(r[2] or '0'), tonumber(r[3] or '0'))
  local again = now + 20
  if tonumber(r[1] or '0') < limit then
    redis.call('ZREMRANGEBYSCORE', target .. ':busy', 0, now)
    local free = together - redis.call('ZCARD', target .. ':busy')
    if free > 0 then release(target, redis.call('ZRANGE', parked, 0, free - 1)) end
  elseif wait > now then
    again = math.min(wait, now + 60000)
  else
    release(target, redis.call('ZRANGE', parked, 0, 0))
    again = now + LOST
  end
  if redis.call('EXISTS', parked) == 1 then
    redis.call('ZADD', P .. 'deliveries', again, member)
  else
    redis.call('ZREM', P .. 'deliveries', member)
  end
end

if room <= 0 then return found end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'deliveries', 0, now, 'LIMIT', 0, math.min(most, room))) do
  if string.sub(id, 1, 2) == 't:' then
    look_at(id)
  elseif room > 0 then
    hint(id)
  end
end
return found
