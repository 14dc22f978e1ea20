-- End a job for its owner; the worker learns of it at its next heartbeat and closes the upstream call.
-- id, tenant. Returns 'ok', 'unknown', or the terminal status that it already had.
local id, tenant = ARGV[FIRST], ARGV[FIRST + 1]
local r = redis.call('HMGET', job_key(id), 'tenant', 'status')
if r[1] ~= tenant then return 'unknown' end
if TERMINAL[r[2]] then return r[2] end
end_job(id, 'cancelled', now_ms(), '{"status":"cancelled"}')
return 'ok'
