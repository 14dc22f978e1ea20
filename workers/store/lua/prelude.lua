-- Put before every script of this folder. Keys are computed from the prefix: state lives on one primary, not on a
-- cluster (the broker could not either). Every key that Thinkline uses:
--   job:ID                the record, a hash; the truth about a job
--   job:ID:events         its events, a capped stream, replayable from any id
--   due                   sorted set of every job that has not ended -> when the reaper must look at it (ms)
--   waiting:QUEUE         sorted set of the jobs that wait in a queue -> since when (ms); its size is the depth
--   claimed:QUEUE         when the message that was claimed last had been queued (ms)
--   apart:QUEUE           the job on its last try that runs there without another one of its kind (overdue.lua); ends by itself
--   QUEUE                 the broker's list (written here so that record and message appear in one step); with a broker
--                         beside Redis an outbox, from which a worker passes the messages on (relay.lua)
--   broker:queues         only then: hash of QUEUE -> messages ready in the broker|since when that is known (ms)
--   broker:relay, broker:seen   only then: the worker that passes messages on; there while the broker is
--   tenant:T:jobs         sorted set of a tenant's job ids, by name: ids begin with their time
--   tenant:T:key:HASH     an idempotency key: {job, body}
--   tenant:T:usage:DAY    what a tenant's attempts of a day used and how they ended, a hash of counters (store/usage.py)
--   tenant:T:exact:HASH   an answer of the cache; its other keys are listed in caching.lua, those of its checks in checking.lua
--   signal                capped stream: `id` of a job that ended (wakes long polls and live streams), or `ids` of jobs
--                         that have new events (wakes live streams)
--   failures              capped stream, the failure log; failures:count is its tally
--   metrics               counters of all tenants for GET /metrics (counting.lua)
--   faces                 hash of the API processes: what each has open, and when it said so (workers/store/metrics.py)
--   workers:QUEUE         sorted set of the worker processes that serve a queue -> when each was heard last (ms)
--   pulse:WORKER          how a worker process fares: its slots, and for how long it took none of what waits (JSON)
--   claims:QUEUE          list of when the latest attempts were claimed (ms): how fast the queue moves
--   history:TYPE:MODEL    list of the latest durations (workers/store/durations.py); histories is the set of their names
--   outcomes:TYPE:MODEL   how reasoning did of late: {ok, late, at}; the counts fade by half every FADE ms
--   tenant:T:endpoints    webhook endpoints, id -> JSON; tenant:T:endpoints:off says why one gets nothing
--   tenant:T:secrets      what webhooks are signed with: current, previous, previous_until (ms), shown
--   delivery:ID           one webhook on its way, a hash; `job.*` is what the job was when it happened
--   deliveries            sorted set of what is to be sent -> when (ms); `t:TARGET` stands for a target to look at
--   tenant:T:deliveries   sorted set of a tenant's deliveries -> since when (ms)
--   target:T:NAME         how an endpoint (or the host of a job's own address) fares: failures in a row, until (ms),
--                         probe (ms); target:T:NAME:parked are the deliveries that wait for it, target:T:NAME:busy
--                         those that are being tried -> until when (ms)
-- Common arguments: prefix, lease (ms), wait before a message counts as lost (ms), most events, retention (s), and of
-- webhooks, joined by commas: largest result in one (bytes), most ended deliveries kept, for how long (s); 1 when another
-- broker carries the messages; of audits, joined by a comma: the shares of semantic and of other hits that are audited.
local P = KEYS[1]
local LEASE, LOST, EVENTS, RETENTION = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local HOOKS = ARGV[5]
local OUTBOX = ARGV[6] == '1'
local FIRST = 8 -- index of a script's own first argument
local LONGEST = 691200 -- no job lives unended for longer: the longest deadline is a week, and a day for the reaper (s)
local STEPS_BYTES = 65536 -- a job that is tried again for ever must not grow for ever
local FADE = 900000 -- a quarter of an hour: an incident of a model is forgotten within the hour (ms)
local LATE = {deadline = true, first_token_timeout = true, silence = true} -- causes by which reasoning ran out of time
local DAY = 86400000 -- (ms)
local USAGE_S = 34560000 -- counters of a day are kept for 400 days (s)
local MOST_WOKEN = 1000 -- jobs sent on in one step; the reaper finds the rest within LOST
local TERMINAL = {succeeded = true, failed = true, cancelled = true}

local function now_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function whole(n) -- Lua would write 1.7e+12
  return string.format('%.0f', n)
end

-- How many messages of a queue nobody took yet, and up to when that is known of those that left the list (ms).
local function untaken(queue)
  local listed = redis.call('LLEN', P .. queue)
  if not OUTBOX then return listed, now_ms() end
  local ready, at = string.match(redis.call('HGET', P .. 'broker:queues', queue) or '', '^(%d+)|(%d+)$')
  return listed + (tonumber(ready) or 0), tonumber(at) or 0
end

local function job_key(id) return P .. 'job:' .. id end

-- Write an event. Its data may be led by lines `type TAB data`: events of the attempt that no heartbeat has told yet, or
-- of one whose reply was lost. Each of these is numbered by its worker, so that the newest event tells what is there.
local function append(id, kind, data)
  local key = job_key(id) .. ':events'
  local lead, own = string.match(data, '^(.*)\n([^\n]*)$')
  if lead then
    local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
    for earlier, text in string.gmatch(lead, '([^\t\n]+)\t([^\n]*)') do
      if not last or last[2][4] ~= text then
        redis.call('XADD', key, 'MAXLEN', '~', EVENTS, '*', 'type', earlier, 'data', text)
      end
    end
  end
  redis.call('XADD', key, 'MAXLEN', '~', EVENTS, '*', 'type', kind, 'data', own or data)
end

local told -- a table in a script that writes for many jobs, so that one entry names them all
local function event(id, kind, data)
  append(id, kind, data)
  if told then told[#told + 1] = id else redis.call('XADD', P .. 'signal', 'MAXLEN', '~', 20000, '*', 'ids', id) end
end

-- A step is kept as JSON text and joined by commas; the reader adds the brackets. (cjson would turn [] into {}.)
local function step(id, name, now, lane, attempt)
  local text = '{"step":' .. cjson.encode(name) .. ',"at":' .. whole(now)
  if lane and lane ~= '' then text = text .. ',"lane":' .. cjson.encode(lane) end
  if attempt then text = text .. ',"attempt":' .. attempt end
  text = text .. '}'
  local before = redis.call('HGET', job_key(id), 'steps')
  if before and #before > STEPS_BYTES then -- forget the older half, up to where a step ends
    before = string.sub(before, string.find(before, '},{', STEPS_BYTES / 2, true) + 2)
  end
  if before and before ~= '' then text = before .. ',' .. text end
  redis.call('HSET', job_key(id), 'steps', text)
end

local function join(id, field, json)
  if json == '' then return end
  local before = redis.call('HGET', job_key(id), field)
  redis.call('HSET', job_key(id), field, (before and before ~= '') and (before .. ',' .. json) or json)
end

-- Count what a call to a model used, for the metrics of all tenants: `reasoning` and `answer` are the parts of the completion.
local function count_use(lane, model, used, cost_usd)
  local thought = used.reasoning_tokens or 0
  local parts = {prompt = used.prompt_tokens or 0, reasoning = thought, answer = (used.completion_tokens or 0) - thought}
  for part, tokens in pairs(parts) do
    if tokens > 0 then count(table.concat({'tokens', lane, part, model}, '|'), tokens) end
  end
  if (cost_usd or 0) > 0 then count('spend|' .. lane .. '|' .. model, cost_usd * 1e9) end
end

-- Count an attempt for the metrics of all tenants.
local function count_attempt(a, used)
  local cause = a.cause or a.outcome
  count('attempts|' .. a.lane .. '|' .. cause .. '|' .. a.model)
  if cause ~= 'queue_wait' then observe('stage|answer|' .. a.lane, (a.duration_s or 0) * 1000) end
  if a.first_token_s then observe('first_token|' .. a.lane .. '|' .. a.model, a.first_token_s * 1000) end
  count_use(a.lane, a.model, used, a.cost_usd)
  if cause == 'worker_lost' then count('leases_lost|' .. a.lane) end
end

-- Count an attempt for its tenant and day, by lane, task type, model, size of the request and how it ended.
local function note_attempt(id, json, now)
  local r = redis.call('HMGET', job_key(id), 'tenant', 'task_type', 'fallback')
  if not r[1] then return end
  local a, bytes = cjson.decode(json), redis.call('HSTRLEN', job_key(id), 'request')
  local size = bytes < 1000 and 'small' or bytes < 8000 and 'medium' or bytes < 64000 and 'large' or 'huge'
  local key = P .. 'tenant:' .. r[1] .. ':usage:' .. math.floor(now / DAY)
  local name = table.concat({a.lane, r[2] or 'unknown', a.model, size, a.cause or a.outcome}, '|')
  local used = a.usage or {}
  local first = redis.call('HINCRBY', key, 'attempts|' .. name, 1) == 1
  redis.call('HINCRBY', key, 'prompt_tokens|' .. name, used.prompt_tokens or 0)
  redis.call('HINCRBY', key, 'completion_tokens|' .. name, used.completion_tokens or 0)
  redis.call('HINCRBY', key, 'reasoning_tokens|' .. name, used.reasoning_tokens or 0)
  redis.call('HINCRBYFLOAT', key, 'cost_usd|' .. name, string.format('%.9f', a.cost_usd or 0))
  redis.call('HINCRBYFLOAT', key, 'seconds|' .. name, string.format('%.3f', a.duration_s or 0))
  if a.lane == 'fallback' and r[3] and r[3] ~= '' then -- what became of the jobs that reasoning had failed
    local from = cjson.decode(r[3])
    redis.call('HINCRBY', key, table.concat({'rescued', from.cause, from.task_type or 'unknown', a.outcome}, '|'), 1)
  end
  if first then redis.call('EXPIRE', key, USAGE_S) end
  count_attempt(a, used)
end

local function add_attempt(id, json, now)
  if json == '' then return end
  join(id, 'attempts', json)
  note_attempt(id, json, now)
end

local function ends_with(id, field, json) -- is this what was joined last?
  if json == '' then return false end
  local known = redis.call('HGET', job_key(id), field)
  return known and string.sub(known, -#json) == json
end

-- When the reaper must look at a waiting job: when its message may be lost, or when its time in the queue is over.
local function due_waiting(id, queue, now)
  local limits = redis.call('HMGET', job_key(id), 'deadline_at', 'reasoning_until')
  local limit = tonumber(limits[1])
  if queue == 'reasoning' and limits[2] then limit = math.min(limit, tonumber(limits[2])) end
  redis.call('ZADD', P .. 'due', math.min(now + LOST, math.max(limit, now)), id)
end

local function enqueue(id, queue, attempt, message, now)
  redis.call('HSET', job_key(id), 'status', 'queued', 'phase', '', 'queue', queue, 'attempt', attempt,
    'queued_at', whole(now))
  redis.call('HDEL', job_key(id), 'worker', 'caller', 'resent', 'joined', 'apart')
  redis.call('ZADD', P .. 'waiting:' .. queue, now, id)
  due_waiting(id, queue, now)
  if message ~= '' then redis.call('LPUSH', P .. queue, message) end
end

-- Let the next job on its last try begin: this one has left its queue.
local function make_way(id, queue)
  if queue and redis.call('GET', P .. 'apart:' .. queue) == id then redis.call('DEL', P .. 'apart:' .. queue) end
end

local function held(id, attempt) -- the fence: is this attempt still the job's current one?
  local now_held = redis.call('HMGET', job_key(id), 'status', 'attempt', 'queue')
  return now_held[2] == attempt, now_held[1], now_held[3]
end

local function set_fields(id, from)
  if #ARGV >= from then redis.call('HSET', job_key(id), unpack(ARGV, from, #ARGV)) end
end

-- Ids whose records are gone leave the index as new ones come: two looked at for one added keep at most half of it dead.
local function list_job(id, tenant)
  local index = P .. 'tenant:' .. tenant .. ':jobs'
  redis.call('ZADD', index, 0, id)
  redis.call('EXPIRE', index, RETENTION + LONGEST)
  for _, other in ipairs(redis.call('ZRANDMEMBER', index, 2)) do
    if redis.call('EXISTS', job_key(other)) == 0 then redis.call('ZREM', index, other) end
  end
end

-- Note that reasoning came to an end, or ran out of time, for a task type with a model.
local function note_outcome(task, model, late, now)
  local key = P .. 'outcomes:' .. task .. ':' .. model
  local r = redis.call('HMGET', key, 'ok', 'late', 'at')
  local left = r[3] and 0.5 ^ (math.max(0, now - r[3]) / FADE) or 0
  local ok, lost = (tonumber(r[1]) or 0) * left, (tonumber(r[2]) or 0) * left
  redis.call('HSET', key, 'ok', string.format('%.4f', ok + (late and 0 or 1)),
    'late', string.format('%.4f', lost + (late and 1 or 0)), 'at', whole(now))
  redis.call('PEXPIRE', key, FADE * 12)
end

local tell -- notes an event for those who want to hear it: webhooks.lua

-- How long an attempt took, for the expectation of later ones.
local function remember_duration(history, text)
  redis.call('LPUSH', P .. 'history:' .. history, text)
  redis.call('LTRIM', P .. 'history:' .. history, 0, 199)
  redis.call('SADD', P .. 'histories', history)
end

-- Send on the jobs that wait for the answer of one that ended (join.lua). When it succeeded and its answer was not kept,
-- each goes its own way; when it did not, the first to come leads the others.
local function wake_joined(id, status, now)
  local flight = redis.call('HGET', job_key(id), 'leads')
  if not flight then return end
  if redis.call('GET', flight) == id then redis.call('DEL', flight) end
  local joined = redis.call('HGETALL', job_key(id) .. ':joined')
  redis.call('DEL', job_key(id) .. ':joined')
  for i = 1, math.min(#joined, 2 * MOST_WOKEN), 2 do
    local r = redis.call('HMGET', job_key(joined[i]), 'status', 'joined', 'attempt')
    if r[1] == 'queued' and r[2] == id then
      redis.call('HSET', job_key(joined[i]), 'waited', 1)
      if status == 'succeeded' then redis.call('HSET', job_key(joined[i]), 'alone', 1) end
      enqueue(joined[i], 'classify', r[3], joined[i + 1], now)
    end
  end
end

local function end_job(id, status, now, done)
  local key = job_key(id)
  local queue = redis.call('HGET', key, 'queue')
  redis.call('HSET', key, 'status', status, 'phase', '', 'finished_at', whole(now))
  local served = redis.call('HMGET', key, 'tenant', 'served_by', 'task_type', 'lane', 'created_at', 'begun_at')
  local by = status == 'succeeded' and served[2] or ''
  observe(table.concat({'job', served[4] or '', status, by}, '|'), now - (tonumber(served[6] or served[5]) or now))
  if served[1] and served[2] and string.find(served[2], '_cache', 1, true) then
    local usage = P .. 'tenant:' .. served[1] .. ':usage:' .. math.floor(now / DAY)
    redis.call('HINCRBY', usage, table.concat({'served', served[2], served[3] or 'unknown'}, '|'), 1)
    redis.call('EXPIRE', usage, USAGE_S)
  end
  redis.call('HDEL', key, 'cache_vector', 'cache_text') -- an entry has them, or nobody needs them
  redis.call('ZREM', P .. 'due', id)
  if queue then redis.call('ZREM', P .. 'waiting:' .. queue, id) end
  make_way(id, queue)
  step(id, status, now)
  append(id, 'done', done)
  redis.call('EXPIRE', key, RETENTION)
  redis.call('EXPIRE', key .. ':events', RETENTION)
  redis.call('XADD', P .. 'signal', 'MAXLEN', '~', 20000, '*', 'id', id)
  tell(id, 'job.' .. status, now)
  wake_joined(id, status, now)
end
