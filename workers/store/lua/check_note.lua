-- Note a pair that the judge could not decide, if its tenant can afford to have it judged.
-- job that asks, tenant, entry (its key without the prefix), its reference, job that gave its answer, similarity, most a day,
-- US dollars a day. Returns 1, or 0 when it is left out.
local id, tenant, now = ARGV[FIRST], ARGV[FIRST + 1], now_ms()
if not affords(tenant, 'grey', ARGV[FIRST + 6], ARGV[FIRST + 7], now) then
  skip_check(tenant, 'grey', now)
  return 0
end
return add_check(id, 'grey', 'standard', now, 'tenant', tenant, 'entry', ARGV[FIRST + 2], 'ref', ARGV[FIRST + 3],
  'source', ARGV[FIRST + 4], 'similarity', ARGV[FIRST + 5]) and 1 or 0
