-- Take a delivery for one try: only one worker can at a time, only when it is due, only while its target is not paused,
-- and only so many of a target at once, so that one that answers slowly does not take all slots. Every delivery is tried at least once: one that waited for a pause until its window is over goes through it.
-- id, for how long (ms), failures that pause a target, window (ms), most tries of a target at once, material for a secret if
-- the tenant has none.
-- Returns {why not}, else {'claimed', now, number of the claim, current secret, previous secret or '', field, value, ...}.
local MOST_LOST = 50 -- workers that died or broke in the middle of a delivery, before it is given up
local id, lease, limit, window = ARGV[FIRST], tonumber(ARGV[FIRST + 1]), tonumber(ARGV[FIRST + 2]), tonumber(ARGV[FIRST + 3])
local together = tonumber(ARGV[FIRST + 4])
local key = P .. 'delivery:' .. id
local now = now_ms()
local r = redis.call('HMGET', key, 'status', 'claimed_until', 'next_at', 'tenant', 'endpoint', 'target', 'since', 'tries')
local status, tenant, endpoint, target, since, tries = r[1], r[4], r[5], r[6], tonumber(r[7]), tonumber(r[8])
if status ~= 'pending' then
  redis.call('ZREM', P .. 'deliveries', id)
  return {status or 'unknown'}
end
if r[2] and tonumber(r[2]) > now then return {'claimed already'} end
if tonumber(r[3]) > now then return {'early'} end

local T = P .. 'tenant:' .. tenant
if endpoint ~= '' then
  local off = redis.call('HEXISTS', T .. ':endpoints', endpoint) == 0 and 'deleted'
    or redis.call('HEXISTS', T .. ':endpoints:off', endpoint) == 1 and 'disabled'
  if off then
    end_delivery(id, 'failed', off)
    return {off}
  end
end

local over = now - since >= window
if over and tries > 0 and redis.call('HGET', key, 'last_try') == '1' then
  end_delivery(id, 'failed', 'exhausted') -- whoever made the last try died before it could say how it went
  return {'exhausted'}
end
if r[2] and redis.call('HINCRBY', key, 'lost', 1) >= MOST_LOST then
  end_delivery(id, 'failed', 'exhausted') -- it breaks whoever tries it
  return {'exhausted'}
end

local function park(till, why)
  redis.call('ZREM', P .. 'deliveries', id)
  redis.call('ZADD', P .. target .. ':parked', since, id)
  redis.call('ZADD', P .. 'deliveries', till, 't:' .. target)
  return {why}
end

local t = redis.call('HMGET', P .. target, 'failures', 'until', 'probe')
local wait = math.max(tonumber(t[2] or '0'), tonumber(t[3] or '0'))
if not over and tonumber(t[1] or '0') >= limit then
  if wait > now then return park(wait, 'paused') end
  redis.call('HSET', P .. target, 'probe', whole(now + lease))
end
local busy = P .. target .. ':busy'
redis.call('ZREMRANGEBYSCORE', busy, 0, now)
if redis.call('ZCARD', busy) >= together then return park(now + 20, 'busy') end
redis.call('ZADD', busy, now + lease, id)
redis.call('PEXPIRE', busy, lease * 2)

redis.call('HSETNX', T .. ':secrets', 'current', ARGV[FIRST + 5])
local s = redis.call('HMGET', T .. ':secrets', 'current', 'previous', 'previous_until')
redis.call('HSET', key, 'claimed_until', whole(now + lease), 'last_try', over and 1 or 0)
local claim = redis.call('HINCRBY', key, 'claims', 1)
redis.call('ZADD', P .. 'deliveries', now + lease, id)
redis.call('ZREM', P .. target .. ':parked', id)
local reply = {'claimed', whole(now), tostring(claim), s[1], (s[3] and tonumber(s[3]) > now) and s[2] or ''}
for _, part in ipairs(redis.call('HGETALL', key)) do reply[#reply + 1] = part end
return reply
