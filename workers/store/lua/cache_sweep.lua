-- Take away entries whose life is over, then the ones that are worth least until the rest fits.
-- most bytes of all entries, most entries in one step. Returns {expired, evicted}.
local limit, most = tonumber(ARGV[FIRST]), tonumber(ARGV[FIRST + 1])
local expired, evicted = 0, 0
for _, ref in ipairs(redis.call('ZRANGEBYSCORE', P .. 'cache:ends', 0, now_ms(), 'LIMIT', 0, most)) do
  expired = expired + drop_entry(ref)
end
while expired + evicted < most and (tonumber(redis.call('GET', P .. 'cache:bytes')) or 0) > limit do
  local least = redis.call('ZRANGE', P .. 'cache:worth', 0, 0, 'WITHSCORES')
  if not least[1] then break end
  redis.call('SET', P .. 'cache:floor', least[2]) -- what comes now begins there: old fame does not last for ever
  drop_entry(least[1])
  evicted = evicted + 1
end
return {expired, evicted}
