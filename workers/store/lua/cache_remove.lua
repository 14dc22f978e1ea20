-- Take entries away for the tenant that stored them; each with its line in the log, in one step.
-- tenant, then references. Returns how many there were.
local tenant, removed = ARGV[FIRST], 0
for i = FIRST + 1, #ARGV do
  local held_as = redis.call('HGET', P .. 'cache:held', ARGV[i])
  if held_as and string.match(held_as, '^%d+|%d+|([^|]*)|') == tenant then removed = removed + drop_entry(ARGV[i]) end
end
return removed
