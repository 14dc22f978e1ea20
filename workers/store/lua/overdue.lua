-- What the reaper must look at: jobs whose time in `due` has come, each with what the decision needs.
-- most. Returns a row a job: id, status, attempt, queue, lane, queued_at, deadline_at, reasoning_until, crashes,
-- whether its message may be in the queue (0), surely is not (1), or is to be written since its turn has come (2), tenant, model, task type, attempt_at, causes,
-- now. Each is put off, so that a reaper that dies does not lose it and two do not both take it.
-- A job whose workers died until one try is left waits without a message for its turn: in each queue one such job begins at
-- a time, so that a job that kills its worker does not take others along whose only fault was to be there each time. None
-- waits for longer than half of the time that it has in its queue: then its turn has come whoever runs.
local APART = 5000 -- how long the next one waits for this one's end (ms); what kills, mostly kills sooner
local APART_LOOK = 500
local now = now_ms()
local rows = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'due', 0, now, 'LIMIT', 0, tonumber(ARGV[FIRST]))) do
  local r = redis.call('HMGET', job_key(id), 'status', 'attempt', 'queue', 'lane', 'queued_at', 'deadline_at',
    'reasoning_until', 'crashes', 'tenant', 'model', 'task_type', 'attempt_at', 'causes', 'joined', 'apart')
  if not r[1] or TERMINAL[r[1]] then
    redis.call('ZREM', P .. 'due', id)
    for _, queue in ipairs({'classify', 'reasoning', 'standard', 'fallback'}) do -- a record that someone deleted
      redis.call('ZREM', P .. 'waiting:' .. queue, id)
    end
  else
    local queue, lost, act, again = r[3], '0', r[1] == 'running', now + 1000
    if r[1] == 'queued' then
      local limit = tonumber(r[6])
      if queue == 'reasoning' then limit = math.min(limit, tonumber(r[7])) end
      local claimed = tonumber(redis.call('GET', P .. 'claimed:' .. queue) or '0')
      -- First in, first out: when the queue is known to be empty, or later messages were claimed already, ours is gone.
      local left, known = untaken(queue)
      local old = tonumber(r[5]) + LOST
      if now >= old and ((left == 0 and known >= old) or claimed > old) then lost = '1' end
      if r[14] then -- it has no message while it waits for another job's answer
        local leader = redis.call('HGET', job_key(r[14]), 'status')
        lost = (leader and not TERMINAL[leader]) and '0' or '1'
      end
      local look = LOST
      if r[15] then
        local turn = P .. 'apart:' .. queue
        local free = redis.call('SET', turn, id, 'NX', 'PX', APART) or redis.call('GET', turn) == id
          or now - tonumber(r[5]) >= limit - now
        lost, look = free and '2' or '0', APART_LOOK
      end
      act = lost ~= '0' or now >= limit
      if not act then again = math.min(now + look, limit) end
    end
    redis.call('ZADD', P .. 'due', again, id)
    if act then
      rows[#rows + 1] = {id, r[1], r[2], queue, r[4] or '', r[5], r[6], r[7], r[8] or '0', lost, r[9], r[10] or '',
        r[11] or '', r[12] or r[5], r[13] or '', whole(now)}
    end
  end
end
return rows
