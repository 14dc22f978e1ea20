-- Checks of the cache that nobody waits for. Put before caching.lua.
-- An `audit` answers again what the cache had answered; a `grey` check asks a model about a pair that the judge could not decide.
--   check:ID              one check, a hash without any text: kind, job, tenant, queue, tries, entry, ref, source, model; ends
--                         by itself. ID is its job's, with another beginning
--   checks:QUEUE          sorted set of the checks of a lane's queue -> when to look at them (ms)
--   checks:QUEUE:busy     those that a worker is at -> until when (ms)
--   tenant:T:checks:DAY   how many of each kind a tenant's day began (KIND), left out (KIND_skipped) and what they cost (KIND_usd)
--   audit:OWNER/SCOPE     what audits found in a scope, and how strict it is for that; its fields are in `temper`
--   audits:OWNER          set of the owner's scopes that were audited
--   tenant:T:alias:HASH, shared:GROUP:alias:HASH   a query that a model judged to ask what an entry answers: ref, source, by
local RATES = ARGV[7] -- shares of the semantic hits and of the others that are audited, joined by a comma
local MOST_CHECKS = 1000 -- waiting in one queue; what comes beyond is not checked
local PROBATION = 10 -- so many times as often is a scope audited that was made strict and not shown to be good since
local CHECK_S = 86400 -- a check that found no quiet moment for a day is given up (s)

local function add_check(id, kind, queue, now, ...)
  local check = 'chk_' .. string.sub(id, 5)
  if redis.call('EXISTS', P .. 'check:' .. check) == 1 then return false end
  if redis.call('ZCARD', P .. 'checks:' .. queue) >= MOST_CHECKS then return false end
  redis.call('HSET', P .. 'check:' .. check, 'kind', kind, 'job', id, 'queue', queue, 'tries', 0, ...)
  redis.call('EXPIRE', P .. 'check:' .. check, CHECK_S)
  redis.call('ZADD', P .. 'checks:' .. queue, now, check)
  return true
end

local function drop_check(check, queue)
  redis.call('DEL', P .. 'check:' .. check)
  redis.call('ZREM', P .. 'checks:' .. queue, check)
  redis.call('ZREM', P .. 'checks:' .. queue .. ':busy', check)
end

-- How strict a scope is: 0 open, 1 only queries of the same words are answered by meaning, 2 none is. It was set at `since`; from
-- `until` on it is one step less strict, and one more after each `pause` (ms). What had been found then counts no more.
-- Other fields: window, the verdicts of the latest audits of semantic hits at this level, `s` same or `w` wrong, oldest first;
-- epoch, which counts the changes of level; times, how often it became stricter since it was last shown to be good;
-- semantic_* and exact_*, all audits there ever were by verdict. workers/contracts/audit.py reads the same.
local function temper(scope, now)
  local key = P .. 'audit:' .. scope
  local r = redis.call('HMGET', key, 'level', 'until', 'pause', 'epoch')
  local level = tonumber(r[1]) or 0
  if level > 0 and now >= tonumber(r[2]) then
    local steps = 1 + math.floor((now - r[2]) / r[3])
    level = math.max(0, level - steps)
    redis.call('HSET', key, 'level', level, 'since', whole(now), 'until', whole(r[2] + steps * r[3]), 'window', '')
    return level, tostring(redis.call('HINCRBY', key, 'epoch', 1))
  end
  return level, r[4] or '0'
end

local function scope_of(ref) return string.match(ref, '^([^/]+/[^/]+)/') end

-- Choose a job that was given an entry's answer for an audit, by chance: a job's id ends in random digits, so that a step which
-- is repeated after a lost reply chooses the same. Answers that are about a moment, or about someone, are other ones later on.
local function sample_hit(entry, id, tenant, tier, now)
  local semantic, exact = string.match(RATES, '^([^,]+),([^,]+)$')
  local rate = tonumber(tier == 'semantic' and semantic or exact)
  if rate <= 0 then return end
  local r = redis.call('HMGET', entry, 'job', 'ref', 'rule', 'lane', 'model')
  if not r[2] or r[3] ~= 'kept' or not (r[4] == 'reasoning' or r[4] == 'standard') then return end
  local scope = scope_of(r[2])
  local times = tier == 'semantic' and tonumber(redis.call('HGET', P .. 'audit:' .. scope, 'times'))
  if times and times > 0 then rate = rate * PROBATION end
  if (tonumber(string.sub(id, -8), 16) or 4294967296) >= rate * 4294967296 then return end
  local _, epoch = temper(scope, now)
  add_check(id, 'audit', r[4], now, 'tenant', tenant, 'tier', tier == 'semantic' and tier or 'exact', 'entry',
    string.sub(entry, #P + 1), 'ref', r[2], 'source', r[1], 'model', r[5] or '', 'epoch', epoch)
end

-- The upper end of Wilson's 95 % interval of a share (1927), as workers/contracts/audit.py has it.
local function upper_bound(wrong, audited)
  if audited == 0 then return 1 end
  local z, share = 1.959964, wrong / audited
  local middle = share + z * z / (2 * audited)
  local width = z * math.sqrt(share * (1 - share) / audited + z * z / (4 * audited * audited))
  return math.min(1, (middle + width) / (1 + z * z / audited))
end

local function users_wait(queue) -- also those that are about to be sent to it
  return redis.call('ZCARD', P .. 'waiting:' .. queue) > 0 or redis.call('ZCARD', P .. 'waiting:classify') > 0
end

local function begun_today(tenant, now) return P .. 'tenant:' .. tenant .. ':checks:' .. math.floor(now / DAY) end

local function skip_check(tenant, kind, now)
  redis.call('HINCRBY', begun_today(tenant, now), kind .. '_skipped', 1)
  redis.call('EXPIRE', begun_today(tenant, now), CHECK_S * 3)
end

-- Whether a tenant may begin one more check of a kind today: most of them, most US dollars.
local function affords(tenant, kind, most, usd, now)
  local r = redis.call('HMGET', begun_today(tenant, now), kind, kind .. '_usd')
  return (tonumber(r[1]) or 0) < tonumber(most) and (tonumber(r[2]) or 0) < tonumber(usd)
end
