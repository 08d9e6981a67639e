"""What Redis runs, each at one go: the rate limits of a key and all accounts of a request, or nothing."""

from __future__ import annotations

_RATES = """
local now = tonumber(redis.call('TIME')[1])
local function used(key)
  local sum, oldest = 0, now
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    local second = tonumber(all[i])
    if second <= now - 61 then redis.call('HDEL', key, all[i])
    else sum = sum + tonumber(all[i + 1]); if second < oldest then oldest = second end end
  end
  return sum, oldest
end
local wait = 0
local function check(key, limit, amount)
  if limit < 0 then return end
  local sum, oldest = used(key)
  if sum + amount > limit then wait = math.max(wait, oldest + 61 - now, 1) end
end
check(KEYS[1], tonumber(ARGV[1]), 1)
check(KEYS[2], tonumber(ARGV[2]), tonumber(ARGV[3]))
if wait > 0 then return {wait, 0} end
"""
_TAKE = """
if tonumber(ARGV[1]) >= 0 then redis.call('HINCRBY', KEYS[1], now, 1); redis.call('EXPIRE', KEYS[1], 70) end
if tonumber(ARGV[2]) >= 0 then redis.call('HINCRBY', KEYS[2], now, ARGV[3]); redis.call('EXPIRE', KEYS[2], 70) end
"""

# KEYS: requests, tokens. ARGV: request limit or -1, token limit or -1, tokens estimated.
# Answers {0, second taken in} or {seconds to wait, 0}.
TAKE = f"{_RATES}{_TAKE}return {{0, now}}"

# KEYS: requests, tokens. ARGV: the second they were taken in, the difference.
RETURN = "redis.call('HINCRBY', KEYS[2], ARGV[1], ARGV[2]); redis.call('EXPIRE', KEYS[2], 70); return {0, 0}"

# Amounts stay strings wherever they are written: HINCRBY is exact in 64 bits, Lua's numbers are in 53 (nine million
# dollars), so only a comparison of larger sums is off, by less than a millionth of a dollar.
_BOOKS = """
local function number(book, field) return tonumber(redis.call('HGET', book, field) or '0') end
local function entry(book, request)
  local found = redis.call('HGET', book, 'r:' .. request)
  if not found then return nil, '0' end
  return string.match(found, '^(%a) (%d+) ')
end
local function move(book, field, amount, sign)
  if amount ~= '0' then redis.call('HINCRBY', book, field, sign .. amount) end
end
local function write(book, request, state, amount, process, due, value, expire)
  local before, had = entry(book, request)
  if before then move(book, before .. ':' .. value, had, '-') end
  if amount == '0' and state == 'u' then redis.call('HDEL', book, 'r:' .. request)
  else
    move(book, state .. ':' .. value, amount, '')
    redis.call('HSET', book, 'r:' .. request, table.concat({state, amount, process, due, value}, ' '))
  end
  redis.call('EXPIREAT', book, expire)
  redis.call('SADD', 'rungway:budgets:touched', book)
end
"""

# KEYS: requests, tokens, the known budgets, then a book of each account.
# ARGV: request limit or -1, token limit or -1, tokens estimated, request, amount, process, when it is over at the
# latest; then of each account its budget, value, limit, what happens at it, and when the book may go.
# The amount is what the request holds from then on, not what is added. Answers {seconds to wait, 0}, or
# {0, second taken in, verdict, account that gave it, then of each account what is spent and what others hold}.
# Verdicts: 0 held, 1 spent, 2 filled by others, 3 to be downgraded, 4 not known. With any but 0 nothing is held.
HOLD = f"""{_RATES}{_BOOKS}
local request, amount = ARGV[4], tonumber(ARGV[5])
local verdict, by, said = 0, 0, {{}}
local function give(found, account) if verdict == 0 or verdict == 3 then verdict, by = found, account end end
for n = 1, #KEYS - 3 do
  local book, at = KEYS[n + 3], 3 + n * 5
  local value, limit, mode = ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local state, mine = entry(book, request)
  if state ~= 'h' then mine = '0' end
  local spent = number(book, 's:' .. value) + number(book, 'u:' .. value)
  local others = number(book, 'h:' .. value) - tonumber(mine)
  said[2 * n - 1], said[2 * n] = spent, others
  if redis.call('HEXISTS', KEYS[3], ARGV[at]) == 0 then
    if mode == 'block' then give(4, n) end
  elseif spent + others + amount > limit or limit == 0 then
    if mode == 'block' then give((spent + amount > limit or limit == 0) and 1 or 2, n)
    elseif mode == 'downgrade' and verdict == 0 then verdict, by = 3, n end
  end
end
if verdict ~= 0 then return {{0, 0, verdict, by, unpack(said)}} end
{_TAKE}
for n = 1, #KEYS - 3 do
  local at = 3 + n * 5
  write(KEYS[n + 3], request, 'h', ARGV[5], ARGV[6], ARGV[7], ARGV[at + 1], ARGV[at + 4])
end
redis.call('SET', 'rungway:gateway:' .. ARGV[6], '1', 'EX', 60)
return {{0, now, 0, 0, unpack(said)}}
"""

# KEYS: tokens, then a book of each account. ARGV: second they were taken in or 0, the difference, request, amount
# paid, process; then of each account its value, and when the book may go.
SETTLE = f"""{_BOOKS}
if ARGV[1] ~= '0' and ARGV[2] ~= '0' then
  redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2]); redis.call('EXPIRE', KEYS[1], 70)
end
for n = 1, #KEYS - 1 do
  write(KEYS[n + 1], ARGV[3], 'u', ARGV[4], ARGV[5], '0', ARGV[4 + n * 2], ARGV[5 + n * 2])
end
return {{0, 0}}
"""
