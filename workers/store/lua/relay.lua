-- Take the lead of those who pass messages on to another broker, or keep it, and look at what is to be passed on. Nothing
-- is taken off a list here: a worker that dies leaves all of it to the next one.
-- worker, for how long it leads (ms), most messages of a queue, then the queues.
-- Returns {} while another one leads, else the time (ms) and for each queue its messages, the oldest first.
local lead = P .. 'broker:relay'
local leader = redis.call('GET', lead)
if leader and leader ~= ARGV[FIRST] then return {} end
redis.call('SET', lead, ARGV[FIRST], 'PX', ARGV[FIRST + 1])
local found = {whole(now_ms())}
for i = FIRST + 3, #ARGV do
  local listed = redis.call('LRANGE', P .. ARGV[i], -tonumber(ARGV[FIRST + 2]), -1)
  local oldest_first = {}
  for n = #listed, 1, -1 do oldest_first[#oldest_first + 1] = listed[n] end
  found[#found + 1] = oldest_first
end
return found
