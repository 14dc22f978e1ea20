-- Write how a try of a check went, and what follows: a wrong answer leaves the cache, a scope with too many becomes stricter,
-- a pair that was found to ask the same becomes an alias.
-- id, tries, outcome (same, wrong, undecided, failed, again), calls (JSON: a list of model, tokens, cost), limit, most verdicts in
-- the window, least wrong ones, first pause (ms), longest pause (ms), life of an alias (s), who judged, wait before the next
-- look (ms).
-- Returns {'gone'}, {'ok'}, or {'stricter', level, wrong, audited, until}.
local id, outcome = ARGV[FIRST], ARGV[FIRST + 2]
local c = redis.call('HMGET', P .. 'check:' .. id, 'tries', 'kind', 'job', 'tenant', 'queue', 'entry', 'source', 'ref', 'tier',
  'epoch', 'similarity')
if not c[1] then return {'gone'} end -- settled already, reply lost
local kind, tenant, queue, ref = c[2], c[4], c[5], c[8]
local now = now_ms()

-- What it cost is the tenant's, under a name of its own, whatever came of it.
local usage = P .. 'tenant:' .. tenant .. ':usage:' .. math.floor(now / DAY)
for _, call in ipairs(cjson.decode(ARGV[FIRST + 3])) do
  local name = '|' .. kind .. '|' .. call.model
  redis.call('HINCRBY', usage, 'checked_calls' .. name, 1)
  redis.call('HINCRBY', usage, 'checked_prompt_tokens' .. name, call.prompt_tokens)
  redis.call('HINCRBY', usage, 'checked_completion_tokens' .. name, call.completion_tokens)
  redis.call('HINCRBY', usage, 'checked_reasoning_tokens' .. name, call.reasoning_tokens)
  redis.call('HINCRBYFLOAT', usage, 'checked_cost_usd' .. name, string.format('%.9f', call.cost_usd))
  redis.call('HINCRBYFLOAT', begun_today(tenant, now), kind .. '_usd', string.format('%.9f', call.cost_usd))
  redis.call('EXPIRE', usage, USAGE_S)
  count_use('check', call.model, call, call.cost_usd)
end
if c[1] ~= ARGV[FIRST + 1] then return {'gone'} end -- another try is under way
count('checks|' .. kind .. '|' .. outcome)
if outcome == 'again' then
  redis.call('ZADD', P .. 'checks:' .. queue, now + ARGV[FIRST + 11], id)
  redis.call('ZREM', P .. 'checks:' .. queue .. ':busy', id)
  return {'ok'}
end
drop_check(id, queue)
local entry = P .. c[6]

if kind == 'grey' then
  local key = redis.call('HGET', job_key(c[3]), 'cache_key')
  if outcome == 'same' and key and key ~= '' and redis.call('HGET', entry, 'job') == c[7] then
    local alias = alias_key(tenant, key)
    redis.call('HSET', alias, 'ref', ref, 'source', c[7], 'by', ARGV[FIRST + 10], 'similarity', c[11] or '')
    redis.call('EXPIRE', alias, ARGV[FIRST + 9])
  end
  return {'ok'}
end

local scope = scope_of(ref)
local key, owner = P .. 'audit:' .. scope, string.match(scope, '^[^/]+')
local level, epoch = temper(scope, now)
redis.call('SADD', P .. 'audits:' .. owner, string.sub(scope, #owner + 2))
redis.call('HINCRBY', key, c[9] .. '_' .. outcome, 1)
redis.call('HSET', key, 'audited_at', whole(now))
for _, name in ipairs({key, P .. 'audits:' .. owner}) do redis.call('EXPIRE', name, USAGE_S) end
if outcome == 'wrong' and redis.call('HGET', entry, 'job') == c[7] then drop_key(entry) end
if c[9] ~= 'semantic' or c[10] ~= epoch or not (outcome == 'same' or outcome == 'wrong') then return {'ok'} end

local most = tonumber(ARGV[FIRST + 5])
local window = string.sub((redis.call('HGET', key, 'window') or '') .. string.sub(outcome, 1, 1), -most)
local _, wrong = string.gsub(window, 'w', '')
local upper, limit = upper_bound(wrong, #window), tonumber(ARGV[FIRST + 4])
redis.call('HSET', key, 'window', window)
if level == 0 and upper <= limit then redis.call('HSET', key, 'times', 0) end
if level == 2 or upper <= limit or wrong < tonumber(ARGV[FIRST + 6]) then return {'ok'} end
local times = redis.call('HINCRBY', key, 'times', 1)
local pause = math.min(tonumber(ARGV[FIRST + 7]) * 2 ^ (times - 1), tonumber(ARGV[FIRST + 8]))
redis.call('HSET', key, 'level', level + 1, 'since', whole(now), 'until', whole(now + pause), 'pause', whole(pause), 'window', '',
  'found_wrong', wrong, 'found_audited', #window)
redis.call('HINCRBY', key, 'epoch', 1)
return {'stricter', tostring(level + 1), tostring(wrong), tostring(#window), whole(now + pause)}
