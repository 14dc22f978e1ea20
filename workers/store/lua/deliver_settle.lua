-- Write how a try went, and what it says of the target as a whole.
-- id, number of the claim, outcome, wait before the next try (ms), what to note of the try (JSON or ''), failures that
-- pause a target, its first pause (ms), its longest pause (ms), least pause of the target now (ms), share of the pause.
-- Outcomes: 'delivered'; 'retry'; 'failed' (no further try); 'gone' (410: the endpoint gets nothing any more);
-- 'released' (the try was not made, or was broken off by our own stop).
-- Returns 'ok' or the status that stood in the way.
local id, claim, outcome, wait, note = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 2], tonumber(ARGV[FIRST + 3]), ARGV[FIRST + 4]
local limit, first, longest = tonumber(ARGV[FIRST + 5]), tonumber(ARGV[FIRST + 6]), tonumber(ARGV[FIRST + 7])
local least, share = tonumber(ARGV[FIRST + 8]), tonumber(ARGV[FIRST + 9])
local key = P .. 'delivery:' .. id
local now = now_ms()
local r = redis.call('HMGET', key, 'status', 'claims', 'tenant', 'endpoint', 'target', 'claimed_until')
-- A late word of one who lost the claim is of no interest, unless it is that the receiver has it.
if r[1] ~= 'pending' or (r[2] ~= claim and outcome ~= 'delivered') then return r[1] or 'unknown' end
if r[2] == claim and not r[6] then return 'ok' end -- our own, reply lost
local target = P .. r[5]
redis.call('ZREM', target .. ':busy', id)
local known = redis.call('HGET', key, 'log')
if note ~= '' then redis.call('HSET', key, 'log', (known and known ~= '') and (known .. ',' .. note) or note) end
redis.call('HDEL', key, 'claimed_until')

if outcome == 'released' then
  redis.call('HDEL', target, 'probe')
  redis.call('ZADD', P .. 'deliveries', now, id)
  return 'ok'
end
redis.call('HINCRBY', key, 'tries', 1)
count('webhook_tries|' .. outcome)
observe('stage|deliver|', (tonumber(string.match(note, '"took_s":([%d.eE+-]+)')) or 0) * 1000)
if outcome == 'delivered' then
  redis.call('DEL', target)
  if redis.call('EXISTS', target .. ':parked') == 1 then redis.call('ZADD', P .. 'deliveries', now, 't:' .. r[5]) end
  redis.call('HSET', key, 'delivered_at', whole(now))
  end_delivery(id, 'delivered', '')
  return 'ok'
end

-- Tries that were under way when the pause began say nothing new: fifty at once would make it the longest.
local till = tonumber(redis.call('HGET', target, 'until') or '0')
local failures = tonumber(redis.call('HGET', target, 'failures') or '0')
if till <= now then
  failures = failures + 1
  if least > 0 and failures < limit then failures = limit end -- throttled: all wait, however it fared before
  redis.call('HSET', target, 'failures', failures)
  if failures >= limit then till = now + math.min(longest, first * 2 ^ math.min(failures - limit, 30)) * share end
end
if failures >= limit then redis.call('HSET', target, 'until', whole(math.max(till, now + least))) end
redis.call('HDEL', target, 'probe')
redis.call('EXPIRE', target, 864000)
if outcome == 'retry' then
  redis.call('HSET', key, 'next_at', whole(now + wait))
  redis.call('ZADD', P .. 'deliveries', now + wait, id)
  return 'ok'
end
if outcome == 'gone' and r[4] ~= '' then
  redis.call('HSET', P .. 'tenant:' .. r[3] .. ':endpoints:off', r[4], 'gone')
end
end_delivery(id, 'failed', outcome == 'gone' and 'gone' or 'exhausted')
return 'ok'
