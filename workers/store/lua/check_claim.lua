-- Take a check for one try. A user's job that waits now goes first.
-- id, tries that it had, lease (ms), wait before the next look (ms), most tries, most audits a day, US dollars for them, the same
-- two for grey checks, number of names, then names of the check's fields and of its job's to return.
-- Returns {'claimed', now, text of the stored query, values...} | {'gone'}, {'later'}, {'skipped'}.
local id, tries = ARGV[FIRST], ARGV[FIRST + 1]
local key = P .. 'check:' .. id
local c = redis.call('HMGET', key, 'tries', 'kind', 'job', 'tenant', 'queue', 'entry', 'source')
if not c[1] or c[1] ~= tries then return {'gone'} end
local kind, tenant, queue = c[2], c[4], c[5]
local now = now_ms()
local entry = redis.call('HMGET', P .. c[6], 'job', 'text')
local job = redis.call('HMGET', job_key(c[3]), 'request', 'tenant')
local stale = kind == 'grey' and entry[1] ~= c[7] -- a pair needs its entry; an answer can be compared without
if not job[1] or job[2] ~= tenant or stale or tonumber(tries) >= tonumber(ARGV[FIRST + 4]) then
  drop_check(id, queue)
  return {'gone'}
end
if users_wait(queue) then
  redis.call('ZADD', P .. 'checks:' .. queue, now + ARGV[FIRST + 3], id)
  return {'later'}
end
local at = kind == 'audit' and FIRST + 5 or FIRST + 7
if not affords(tenant, kind, ARGV[at], ARGV[at + 1], now) then
  skip_check(tenant, kind, now)
  drop_check(id, queue)
  return {'skipped'}
end
redis.call('HINCRBY', begun_today(tenant, now), kind, 1)
redis.call('EXPIRE', begun_today(tenant, now), CHECK_S * 3)
redis.call('HINCRBY', key, 'tries', 1)
redis.call('ZADD', P .. 'checks:' .. queue, now + ARGV[FIRST + 2], id)
redis.call('ZADD', P .. 'checks:' .. queue .. ':busy', now + ARGV[FIRST + 2], id)
local reply, names = {'claimed', whole(now), entry[2] or ''}, tonumber(ARGV[FIRST + 9])
for _, value in ipairs(redis.call('HMGET', key, unpack(ARGV, FIRST + 10, FIRST + 9 + names))) do reply[#reply + 1] = value end
for _, value in ipairs(redis.call('HMGET', job_key(c[3]), unpack(ARGV, FIRST + 10 + names, #ARGV))) do
  reply[#reply + 1] = value
end
return reply
