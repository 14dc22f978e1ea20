-- Read the cache's log after a position. The row at the position must still be there: when the log was trimmed past it,
-- flushed, or went back to an older state with its Redis, it is not, and what follows it would not be the whole truth.
-- position ('' for a reader that has none), most rows.
-- Returns {'rows', op, ref, encoder, id, ...} | {'begin', id of the last row} | {'lost', id of the last row}.
local position, most = ARGV[FIRST], tonumber(ARGV[FIRST + 1])
local key = P .. 'cache:log'
local function last()
  local row = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  return row and row[1] or redis.call('XADD', key, '*', 'op', 'mark', 'ref', '', 'encoder', '') -- a place to begin from
end
if position == '' then return {'begin', last()} end
local rows = redis.call('XRANGE', key, position, '+', 'COUNT', most + 1)
if not rows[1] or rows[1][1] ~= position then return {'lost', last()} end
local reply = {'rows'}
for i = 2, #rows do
  local fields = rows[i][2]
  reply[#reply + 1] = fields[2]
  reply[#reply + 1] = fields[4]
  reply[#reply + 1] = fields[6]
  reply[#reply + 1] = rows[i][1]
end
return reply
