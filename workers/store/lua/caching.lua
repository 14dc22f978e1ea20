-- The answer cache. Put between the prelude and each script that changes it (workers/store/scripts.py says which).
--   tenant:T:exact:HASH          an entry: the answer, what was asked, the vector of that, hits; ends by itself
--   shared:GROUP:exact:HASH      the same, in a scope that several tenants share
--   (entry):served               capped stream: which jobs were given it and why
--   cache:log                    capped stream of `add` and `remove` with a REF: every index is a replica of it
--   cache:held                   hash of all entries: REF -> bytes|stored at (ms)|tenant|encoder, or '' without a vector
--   cache:ends, cache:worth      sorted sets of REF: when its life ends (ms); what it is worth to keep
--   cache:floor, cache:bytes     worth of what was evicted last; size of all entries
--   cache:flight:ENTRY           the job in flight whose answer others wait for (join.lua)
--   tenant:T:entries             sorted set of what a tenant stored, by name: `stored at (ms)/REF`
-- REF is OWNER/SCOPE/HASH, the owner a tenant or @GROUP. A job's `cache_key` is HASH, or @GROUP/HASH in a shared scope.
local LOG_ROWS = 50000 -- a replica that is further behind than that reads all entries instead
local SERVED_ROWS = 100
local OVERHEAD = 700 -- bytes that Redis needs for an entry beside its text, answer and vector

local function entry_of(owner, hash)
  local group = string.match(owner, '^@(.+)$')
  return P .. (group and 'shared:' .. group or 'tenant:' .. owner) .. ':exact:' .. hash
end

local function owned(tenant, key) -- a job's cache key -> owner and hash
  local group, hash = string.match(key, '^(@[^/]+)/(.+)$')
  if group then return group, hash end
  return tenant, key
end

local function entry_key(tenant, key) return entry_of(owned(tenant, key)) end

local function alias_key(tenant, key) return (string.gsub(entry_key(tenant, key), ':exact:', ':alias:', 1)) end

local function log_change(op, ref, encoder)
  redis.call('XADD', P .. 'cache:log', 'MAXLEN', '~', LOG_ROWS, '*', 'op', op, 'ref', ref, 'encoder', encoder)
end

-- Take an entry away and say so in the log. Returns 1, or 0 when there is none.
local function drop_entry(ref)
  local owner, _, hash = string.match(ref, '^([^/]+)/([^/]+)/(.+)$')
  local entry = entry_of(owner, hash)
  redis.call('DEL', entry, entry .. ':served')
  local held_as = redis.call('HGET', P .. 'cache:held', ref)
  if not held_as then return 0 end
  local bytes, ms, tenant, encoder = string.match(held_as, '^(%d+)|(%d+)|([^|]*)|([^|]*)$')
  redis.call('HDEL', P .. 'cache:held', ref)
  redis.call('ZREM', P .. 'cache:ends', ref)
  redis.call('ZREM', P .. 'cache:worth', ref)
  redis.call('ZREM', P .. 'tenant:' .. tenant .. ':entries', ms .. '/' .. ref)
  redis.call('DECRBY', P .. 'cache:bytes', bytes)
  if encoder ~= '' then log_change('remove', ref, encoder) end
  return 1
end

-- Take away the entry that has this key, also one that no list knows.
local function drop_key(entry)
  local ref = redis.call('HGET', entry, 'ref')
  if ref then drop_entry(ref) else redis.call('DEL', entry) end
end

-- Keep the answer of a job that is about to end, in place of what was kept for the same query. All of it is in the
-- record; a vector is there only when a classify worker with an encoder left it.
local function keep_entry(id, key, life_s, now)
  local r = redis.call('HMGET', job_key(id), 'tenant', 'result', 'model', 'route', 'lane', 'task_type', 'cache_scope',
    'cache_vector', 'cache_encoder', 'cache_text', 'cache_rule', 'cache_tags', 'cache_worth', 'cache_cost', 'cache_took')
  local owner, hash = owned(r[1], key)
  local ref = owner .. '/' .. (r[7] or '-') .. '/' .. hash
  local entry = entry_of(owner, hash)
  drop_entry(ref)
  local encoder = r[8] and r[9] or ''
  local bytes = OVERHEAD + #r[2] + #(r[4] or '') + #(r[8] or '') + #(r[10] or '')
  local ends = now + life_s * 1000
  local worth = r[13] or '0'
  redis.call('HSET', entry, 'job', id, 'result', r[2], 'model', r[3] or '', 'route', r[4] or '', 'lane', r[5] or '',
    'task_type', r[6] or '', 'hits', 0, 'stored_at', whole(now), 'ref', ref, 'tenant', r[1], 'vector', r[8] or '',
    'encoder', encoder, 'text', r[10] or '', 'rule', r[11] or '', 'tags', r[12] or '', 'worth', worth,
    'cost_usd', r[14] or '0', 'took_s', r[15] or '0', 'ends_at', whole(ends), 'bytes', bytes)
  redis.call('EXPIRE', entry, life_s)
  redis.call('HSET', P .. 'cache:held', ref, bytes .. '|' .. whole(now) .. '|' .. r[1] .. '|' .. encoder)
  redis.call('ZADD', P .. 'cache:ends', ends, ref)
  redis.call('ZADD', P .. 'cache:worth', (tonumber(redis.call('GET', P .. 'cache:floor')) or 0) + worth, ref)
  redis.call('ZADD', P .. 'tenant:' .. r[1] .. ':entries', 0, whole(now) .. '/' .. ref)
  redis.call('INCRBY', P .. 'cache:bytes', bytes)
  if encoder ~= '' then log_change('add', ref, encoder) end
end

-- Note that a job is given an entry's answer: it counts, it is worth more, and it can be looked up who was given it.
local function note_hit(entry, id, tenant, tier, similarity, reason)
  local r = redis.call('HMGET', entry, 'job', 'ref', 'worth')
  count('cache_hits|' .. tier)
  redis.call('HINCRBY', entry, 'hits', 1)
  redis.call('HSET', job_key(id), 'cache_entry', string.sub(entry, #P + 1), 'cache_source', r[1])
  if not r[2] then return end
  sample_hit(entry, id, tenant, tier, now_ms())
  redis.call('ZINCRBY', P .. 'cache:worth', r[3], r[2])
  redis.call('XADD', entry .. ':served', 'MAXLEN', '~', SERVED_ROWS, '*', 'job', id, 'tenant', tenant, 'tier', tier,
    'similarity', similarity, 'reason', reason)
  redis.call('PEXPIRE', entry .. ':served', math.max(1, redis.call('PTTL', entry)))
end
