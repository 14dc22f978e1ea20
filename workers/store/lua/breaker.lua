-- The circuit breaker of one model, the same for every process. Keys: breaker:MODEL (opened at), breaker:MODEL:failures
-- (when each was), breaker:MODEL:probe (somebody tries).
-- operation, model, failures that open it, window (ms), open for (ms), probe's life (ms), a unique name.
-- Returns for `read`: -1 closed, else ms until a probe may be made. For `probe`: 1 when this caller may make it.
local what, model = ARGV[FIRST], ARGV[FIRST + 1]
local most, window, open_ms, probe_ms = tonumber(ARGV[FIRST + 2]), tonumber(ARGV[FIRST + 3]), tonumber(ARGV[FIRST + 4]), ARGV[FIRST + 5]
local key = P .. 'breaker:' .. model
local now = now_ms()
local opened = redis.call('GET', key)
if what == 'read' then
  if not opened then return -1 end
  return math.max(0, tonumber(opened) + open_ms - now)
elseif what == 'probe' then
  if not opened then return 1 end
  if now < tonumber(opened) + open_ms then return 0 end
  return redis.call('SET', key .. ':probe', '1', 'NX', 'PX', probe_ms) and 1 or 0
elseif what == 'success' then
  redis.call('DEL', key, key .. ':probe', key .. ':failures')
  return -1
end
redis.call('ZADD', key .. ':failures', now, ARGV[FIRST + 6])
redis.call('ZREMRANGEBYSCORE', key .. ':failures', 0, now - window)
redis.call('PEXPIRE', key .. ':failures', window)
if opened or redis.call('ZCARD', key .. ':failures') >= most then
  if not opened or now >= tonumber(opened) + open_ms then redis.call('SET', key, whole(now)) end
  redis.call('DEL', key .. ':probe')
  return math.max(0, tonumber(redis.call('GET', key)) + open_ms - now)
end
return -1
