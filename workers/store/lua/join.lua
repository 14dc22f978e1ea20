-- Before a job is classified: lead, or join the job in flight that asks the same in the same scope and wait for its answer.
-- The one that leads is known by cache:flight:ENTRY until it ends; those that wait for it are in job:ID:joined and are
-- queued without a message until end_job of the prelude sends theirs.
-- id, attempt held, cache key, message of the next attempt. Returns 'look' when the answer is there already, 'lead', 'joined',
-- 'alone' when it is not to wait (it waited before, or would have to give up first), or the job's status.
local SLACK = 5000 -- jobs that came at once are not classified in the order of their coming (ms)
local id, attempt, message = ARGV[FIRST], ARGV[FIRST + 1], ARGV[FIRST + 3]
local ours, status = held(id, attempt)
if not ours or status ~= 'running' then return status or 'unknown' end
local r = redis.call('HMGET', job_key(id), 'tenant', 'deadline_at', 'alone')
local entry = entry_key(r[1], ARGV[FIRST + 2])
if redis.call('EXISTS', entry) == 1 then return 'look' end
if r[3] then return 'alone' end
local flight = P .. 'cache:flight:' .. string.sub(entry, #P + 1)
local now = now_ms()
local leader = redis.call('GET', flight)
if leader and leader ~= id then
  local l = redis.call('HMGET', job_key(leader), 'status', 'deadline_at')
  if l[1] and not TERMINAL[l[1]] then
    if tonumber(l[2]) > tonumber(r[2]) + SLACK then return 'alone' end
    local following = tostring(tonumber(attempt) + 1)
    count('joined')
    step(id, 'joined', now, nil, following)
    event(id, 'joined', '{}')
    enqueue(id, 'classify', following, '', now)
    redis.call('HSET', job_key(id), 'joined', leader)
    redis.call('HSET', job_key(leader) .. ':joined', id, message)
    redis.call('EXPIRE', job_key(leader) .. ':joined', LONGEST)
    return 'joined'
  end
end
redis.call('SET', flight, id, 'PX', math.max(1, tonumber(r[2]) - now) + 60000)
redis.call('HSET', job_key(id), 'leads', flight)
return 'lead'
