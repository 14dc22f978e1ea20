-- Send an ended delivery again, under the same id, with a schedule that begins anew.
-- id, tenant. Returns 'ok', 'unknown', 'pending', 'deleted' or 'disabled'.
local id, tenant = ARGV[FIRST], ARGV[FIRST + 1]
local key, T = P .. 'delivery:' .. id, P .. 'tenant:' .. ARGV[FIRST + 1]
local r = redis.call('HMGET', key, 'tenant', 'status', 'endpoint')
if r[1] ~= tenant then return 'unknown' end
if r[2] == 'pending' then return 'pending' end
if r[3] ~= '' and redis.call('HEXISTS', T .. ':endpoints', r[3]) == 0 then return 'deleted' end
if r[3] ~= '' and redis.call('HEXISTS', T .. ':endpoints:off', r[3]) == 1 then return 'disabled' end
local now = now_ms()
redis.call('HSET', key, 'status', 'pending', 'reason', '', 'tries', 0, 'log', '', 'since', whole(now), 'next_at', whole(now))
redis.call('HDEL', key, 'delivered_at', 'last_try', 'lost')
redis.call('PERSIST', key)
redis.call('ZADD', P .. 'deliveries', now, id)
count('webhooks_pending')
return 'ok'
