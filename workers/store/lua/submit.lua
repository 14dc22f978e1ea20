-- Accept a job: idempotency, exact cache, admission, record, event and broker message in one step.
-- id, tenant, idempotency hash or '', body hash, its life (s), cache key or '', queue, message,
-- number of gates, then for each gate its queue and depth limit (a gate '|' between queues means: refused only
-- when all of the following are full), then the record's fields.
-- Returns {'created'} | {'existing', id, body hash} | {'hit'} | {'full', queue, depth, age of the oldest (ms)}.
-- A queue's depth counts its messages too: those of cancelled jobs lie there until a worker drops them.
local id, tenant, idem, body, idem_s = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2], ARGV[FIRST + 3], ARGV[FIRST + 4]
local exact, queue, message = ARGV[FIRST + 5], ARGV[FIRST + 6], ARGV[FIRST + 7]
local gates = tonumber(ARGV[FIRST + 8])
local fields = FIRST + 9 + gates * 2
local T = P .. 'tenant:' .. tenant
local now = now_ms()
if redis.call('EXISTS', job_key(id)) == 1 then -- the same call, tried again after a lost reply
  return {redis.call('HGET', job_key(id), 'served_by') == 'exact_cache' and 'hit' or 'created'}
end
if idem ~= '' then
  local known = redis.call('HMGET', T .. ':key:' .. idem, 'job', 'body')
  if known[1] and redis.call('EXISTS', job_key(known[1])) == 1 then
    count('submissions|repeated')
    return {'existing', known[1], known[2]}
  end
end

local function remember()
  list_job(id, tenant)
  if idem ~= '' then
    redis.call('HSET', T .. ':key:' .. idem, 'job', id, 'body', body)
    redis.call('EXPIRE', T .. ':key:' .. idem, idem_s)
  end
end

local function begin()
  set_fields(id, fields)
  redis.call('HSET', job_key(id), 'created_at', whole(now), 'crashes', 0)
  local limits = redis.call('HMGET', job_key(id), 'deadline_ms', 'reasoning_ms')
  redis.call('HSET', job_key(id), 'deadline_at', whole(now + limits[1]), 'reasoning_until', whole(now + limits[2]))
  remember()
  step(id, 'queued', now)
  append(id, 'queued', '{}') -- nobody can listen yet
end

if exact ~= '' then
  local entry = entry_key(tenant, exact)
  local hit = redis.call('HMGET', entry, 'job', 'result', 'model', 'route', 'lane', 'task_type', 'tenant')
  if hit[1] then
    begin()
    note_hit(entry, id, tenant, 'exact', '', 'same query in the same scope')
    local source = (hit[7] or tenant) == tenant and '"source_job":"' .. hit[1] .. '",' or '' -- another tenant's is not told
    redis.call('HSET', job_key(id), 'result', hit[2], 'model', hit[3] or '', 'route', hit[4] or '', 'lane', hit[5] or '',
      'task_type', hit[6] or '', 'served_by', 'exact_cache', 'attempt', 0, 'status', 'queued',
      'cache', '{"outcome":"hit","tier":"exact",' .. source .. '"reason":"same query in the same scope"}')
    append(id, 'cache', '{"outcome":"hit","tier":"exact"}')
    end_job(id, 'succeeded', now, '{"status":"succeeded"}')
    count('submissions|answered')
    return {'hit'}
  end
end

local open, full = false, nil
local choice = false
for i = 0, gates - 1 do
  local name, limit = ARGV[FIRST + 9 + i * 2], tonumber(ARGV[FIRST + 10 + i * 2])
  if name == '|' then
    choice = true
  else
    local depth = math.max(redis.call('ZCARD', P .. 'waiting:' .. name), (untaken(name)))
    if depth >= limit then
      local oldest = redis.call('ZRANGE', P .. 'waiting:' .. name, 0, 0, 'WITHSCORES')
      full = full or {'full', name, depth, now - (tonumber(oldest[2]) or now)}
      if not choice then break end
    elseif choice then
      open = true
    end
  end
end
if full and not open then
  count('submissions|refused')
  return full
end

begin()
enqueue(id, queue, 0, message, now)
count('submissions|accepted')
return {'created'}
