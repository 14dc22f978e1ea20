-- Which checks of a queue may begin: none while a user's job waits for it, and few at a time. Each is put off, so that one
-- whose message is lost comes again.
-- queue, most at a time, for how long they are put off (ms). Returns id, tries, ...
local queue, most, off = ARGV[FIRST], tonumber(ARGV[FIRST + 1]), tonumber(ARGV[FIRST + 2])
local now = now_ms()
local all = P .. 'checks:' .. queue
if redis.call('ZCARD', all) == 0 or users_wait(queue) or untaken(queue) > 0 then return {} end
redis.call('ZREMRANGEBYSCORE', all .. ':busy', 0, now)
local room = most - redis.call('ZCARD', all .. ':busy')
if room <= 0 then return {} end
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', all, 0, now, 'LIMIT', 0, room)) do
  local tries = redis.call('HGET', P .. 'check:' .. id, 'tries')
  if tries then
    redis.call('ZADD', all, now + off, id)
    found[#found + 1] = id
    found[#found + 1] = tries
  else
    redis.call('ZREM', all, id) -- its day was over
  end
end
return found
