-- Put before every script, the prelude too: counts what happens in the step in which it happens, so that a killed worker
-- loses no count, and a step that was refused or repeated counts nothing. GET /metrics shows the sums of all tenants.
-- Key `metrics`: a hash of whole numbers, fields `WHAT|label|...` (workers/contracts/metrics.py names them). A duration adds
-- one to `WHAT|...|BOUND`, the least bound (ms) that it does not exceed or `inf`, and its length (ms) to `WHAT|...|sum`.
local METRICS = KEYS[1] .. 'metrics'
local BOUNDS = {10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 20000, 30000, 60000, 120000, 300000, 600000}
local MOST = 1e12 -- at one time: what an upstream reports must not make a counter overflow

-- By pcall: a counter that cannot be written must not keep a job from going on.
local function count(field, by)
  if by == nil then by = 1 else by = string.format('%.0f', math.max(-MOST, math.min(MOST, by))) end
  redis.pcall('HINCRBY', METRICS, field, by)
end

local function observe(field, ms)
  if not ms then return end
  if not (ms >= 0) then ms = 0 end -- a clock that was set back
  local bound = 'inf'
  for i = 1, #BOUNDS do
    if ms <= BOUNDS[i] then
      bound = BOUNDS[i]
      break
    end
  end
  count(field .. '|' .. bound)
  count(field .. '|sum', ms)
end
