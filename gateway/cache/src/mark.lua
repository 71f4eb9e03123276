-- Notes on the server what a change touches, and gives the clock after it.
-- KEYS: the marks, a sorted set of what was touched by when; what says that this event was noted before.
-- ARGV: how many marks are kept; `all` to forget everything; the event's name or nothing; what the caller has seen of the
-- clock; the tags.
local marks = KEYS[1]
local last = redis.call('ZSCORE', marks, '#clock')
-- A clock that has gone back has lost marks.
if last and tonumber(last) < tonumber(ARGV[4]) then last = false end
if last and ARGV[3] ~= '' and not redis.call('SET', KEYS[2], '', 'NX', 'EX', 60) then
  return last
end
-- Microseconds, so that marks which were lost with the server are all older than those that come after.
local time = redis.call('TIME')
local clock = time[1] * 1000000 + time[2]
-- A server that took another's place may be behind it.
clock = math.max(clock, tonumber(last or 0) + 1, tonumber(ARGV[4]) + 1)
local score = string.format('%.0f', clock)
if ARGV[2] == 'all' or not last then
  redis.call('DEL', marks)
  redis.call('ZADD', marks, score, '#floor')
end
redis.call('ZADD', marks, score, '#clock')
for i = 5, #ARGV do redis.call('ZADD', marks, score, ARGV[i]) end
local over = redis.call('ZCARD', marks) - ARGV[1]
if over > 0 then
  -- The floor is the lowest; what goes after it becomes the new one.
  local gone = redis.call('ZPOPMIN', marks, over + 1)
  redis.call('ZADD', marks, gone[#gone], '#floor')
end
return score
