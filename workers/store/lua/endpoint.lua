-- The endpoints and the signing secret of a tenant.
-- operation, tenant, endpoint id or '', then what the operation needs:
--   add: most endpoints, record (JSON), material for a secret if there is none. Returns {'added', material to show or ''}
--     or {'full'}
--   delete: nothing; its deliveries find at their next try that it is gone. Returns {'ok'} or {'unknown'}
--   enable: nothing; forgets why it was disabled or paused. Returns {'ok'} or {'unknown'}
--   rotate: new material, how long the old one is valid (ms). Returns {'ok', until when the old one signs, or '0'}
local what, tenant, id = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2]
local T = P .. 'tenant:' .. tenant
local known, off, secrets = T .. ':endpoints', T .. ':endpoints:off', T .. ':secrets'
local target = 'target:' .. tenant .. ':' .. id
local now = now_ms()
if what == 'add' then
  if redis.call('HEXISTS', known, id) == 0 and redis.call('HLEN', known) >= tonumber(ARGV[FIRST + 3]) then return {'full'} end
  redis.call('HSET', known, id, ARGV[FIRST + 4])
  redis.call('HSETNX', secrets, 'current', ARGV[FIRST + 5])
  if redis.call('HGET', secrets, 'shown') == id then return {'added', redis.call('HGET', secrets, 'current')} end
  if redis.call('HSETNX', secrets, 'shown', id) == 1 then return {'added', redis.call('HGET', secrets, 'current')} end
  return {'added', ''}
elseif what == 'rotate' then
  local before = redis.call('HGET', secrets, 'current')
  if before == ARGV[FIRST + 3] then return {'ok', redis.call('HGET', secrets, 'previous_until') or '0'} end -- reply lost
  redis.call('HSET', secrets, 'current', ARGV[FIRST + 3], 'shown', 'rotated')
  if not before then return {'ok', '0'} end
  local till = whole(now + tonumber(ARGV[FIRST + 4]))
  redis.call('HSET', secrets, 'previous', before, 'previous_until', till)
  return {'ok', till}
end
if redis.call('HEXISTS', known, id) == 0 then return {'unknown'} end
if what == 'delete' then redis.call('HDEL', known, id) end
redis.call('HDEL', off, id)
redis.call('DEL', P .. target)
if redis.call('EXISTS', P .. target .. ':parked') == 1 then redis.call('ZADD', P .. 'deliveries', now, 't:' .. target) end
return {'ok'}
