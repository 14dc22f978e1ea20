-- Put behind the prelude, before every script: what is noted of an event for webhooks, and how a delivery ends.

-- An ended delivery is kept for a while, to be looked at and sent again.
local function end_delivery(id, status, reason)
  local _, _, _, _, keep_s = string.find(HOOKS, '(%d+),(%d+),(%d+)')
  local key = P .. 'delivery:' .. id
  redis.call('HSET', key, 'status', status, 'reason', reason)
  redis.call('HDEL', key, 'claimed_until')
  redis.call('ZREM', P .. 'deliveries', id)
  redis.call('EXPIRE', key, keep_s)
  count('webhooks_ended|' .. status)
  count('webhooks_pending', -1)
end

-- The tenant's list forgets deliveries that expired, and deletes the oldest ended ones beyond the most that are kept.
local function list_delivery(id, tenant, now)
  local _, _, _, most, keep_s = string.find(HOOKS, '(%d+),(%d+),(%d+)')
  local index = P .. 'tenant:' .. tenant .. ':deliveries'
  redis.call('ZADD', index, now, id)
  redis.call('EXPIRE', index, keep_s + 2 * LONGEST)
  local extra = redis.call('ZCARD', index) - tonumber(most)
  for _, other in ipairs(redis.call('ZRANGE', index, 0, 9)) do
    local status = redis.call('HGET', P .. 'delivery:' .. other, 'status')
    if not status or (extra > 0 and status ~= 'pending') then
      redis.call('DEL', P .. 'delivery:' .. other)
      redis.call('ZREM', index, other)
      extra = extra - 1
    end
  end
end

local TOLD = {'status', 'lane', 'attempt', 'model', 'served_by', 'task_type', 'usage', 'cost_usd', 'fallback', 'error',
  'cache', 'metadata', 'truncated', 'repaired', 'created_at', 'started_at', 'finished_at'}

-- Note what happened for everyone who wants to hear it. It is part of the step in which it happens, so that a crash
-- after it loses nothing, and holds a copy, so that what is told stays true if the job is begun again.
function tell(id, kind, now)
  local r = redis.call('HMGET', job_key(id), 'tenant', 'webhook_url', 'webhook_events')
  local tenant, wanted = r[1], {}
  if not tenant then return end
  if r[2] and string.find(',' .. (r[3] or '') .. ',', ',' .. kind .. ',', 1, true) then
    local host = redis.sha1hex(string.match(r[2], '^%a+://[^/?#]+') or r[2])
    wanted[1] = {'', r[2], 'target:' .. tenant .. ':' .. host}
  end
  local T = P .. 'tenant:' .. tenant
  local endpoints = redis.call('HGETALL', T .. ':endpoints')
  for i = 1, #endpoints, 2 do
    local endpoint = cjson.decode(endpoints[i + 1])
    if string.find(',' .. endpoint.events .. ',', ',' .. kind .. ',', 1, true)
      and redis.call('HEXISTS', T .. ':endpoints:off', endpoints[i]) == 0 then
      wanted[#wanted + 1] = {endpoints[i], endpoint.url, 'target:' .. tenant .. ':' .. endpoints[i]}
    end
  end
  if #wanted == 0 then return end

  local copy, told = {}, redis.call('HMGET', job_key(id), unpack(TOLD))
  for i, name in ipairs(TOLD) do
    if told[i] and told[i] ~= '' then
      copy[#copy + 1] = 'job.' .. name
      copy[#copy + 1] = told[i]
    end
  end
  local largest = tonumber(string.match(HOOKS, '^%d+'))
  local size = kind == 'job.succeeded' and redis.call('HSTRLEN', job_key(id), 'result') or 0
  if size > 0 then
    copy[#copy + 1] = size <= largest and 'job.result' or 'job.result_bytes'
    copy[#copy + 1] = size <= largest and redis.call('HGET', job_key(id), 'result') or tostring(size)
  end
  for _, target in ipairs(wanted) do
    local number = redis.call('HINCRBY', job_key(id), 'webhooks', 1)
    local delivery = 'msg_' .. string.gsub(id, '^job_', '') .. '_' .. number
    redis.call('HSET', P .. 'delivery:' .. delivery, 'tenant', tenant, 'job', id, 'event', kind, 'endpoint', target[1],
      'url', target[2], 'target', target[3], 'status', 'pending', 'tries', 0, 'created_at', whole(now), 'since', whole(now),
      'next_at', whole(now), unpack(copy))
    redis.call('ZADD', P .. 'deliveries', now, delivery)
    count('webhooks_noted|' .. kind)
    count('webhooks_pending')
    list_delivery(delivery, tenant, now)
  end
end
