import { luaScript } from '../lua.ts'

/** Claims are forgotten this long after they were made and their steps have passed. */
const keepClaimsMs = 86_400_000

/**
 * Who may draw which steps (docs/architecture.md, "Publishing"). KEYS: marks, claims, claim ages, mission. ARGV: bandKey,
 * claim (bandKey, T and kind), nonce, first and last instant of the owned range, 1 for a backfill.
 * Steps in (ceiling, floor] may have been drawn by somebody else; a claim with the same nonce gets the same steps again;
 * one with another nonce was computed anew, so what it drew before counts as drawn. Answers the first and last instant
 * of the steps for every series; false without marks.
 */
export const claimScript = luaScript(`
local marks, claims, ages = KEYS[1], KEYS[2], KEYS[3]
local bandKey, field, nonce, backfill = ARGV[1], ARGV[2], ARGV[3], ARGV[6] == '1'
local ownFrom, ownUntil = tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('HEXISTS', marks, 'known') == 0 then return false end
local function mark(name) return tonumber(redis.call('HGET', marks, name) or nil) end
local function record(name)
  local text = redis.call('HGET', claims, name)
  if not text then return nil end
  local who, from, until_ = string.match(text, '^(.*)|(-?%d+)|(-?%d+)$')
  return { nonce = who, from = tonumber(from), until_ = tonumber(until_) }
end
local function min(a, b) return (a and b) and math.min(a, b) or a or b end
local function max(a, b) return (a and b) and math.max(a, b) or a or b end
local function text(number) return string.format('%.0f', number) end

local known = record(field)
if redis.call('HGET', KEYS[4], 'bandKey') ~= bandKey then
  -- the mission has moved on or is gone: only what was begun is finished
  if known and known.nonce == nonce then return { text(known.from), text(known.until_) } end
  return { text(ownFrom), text(ownFrom) }
end

local from, until_ = ownFrom, ownUntil
if not known then
  if backfill then until_ = min(until_, mark('ceiling')) else from = max(from, mark('floor')) end
elseif known.nonce == nonce then
  from = max(from, known.from)
  if backfill then until_ = min(until_, known.until_)
  elseif until_ > known.until_ then
    -- an edit of the schedule gave it more steps
    local floor = mark('floor')
    if floor and floor > known.until_ then from = max(from, floor) end
  end
elseif backfill then until_ = min(until_, mark('from'))
else from = max(from, mark('until')) end
if from >= until_ then
  if backfill then until_ = ownFrom; from = ownFrom else from = ownUntil; until_ = ownUntil end
end

local begun = from
if known and known.nonce == nonce and known.until_ >= from then begun = min(known.from, from) end
redis.call('HSET', claims, field, nonce .. '|' .. text(begun) .. '|' .. text(until_))
if from < until_ then
  redis.call('HSET', marks, 'from', text(min(mark('from'), from)), 'until', text(max(mark('until'), until_)))
end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000
redis.call('ZADD', ages, text(max(now, until_)), field)
local old = redis.call('ZRANGEBYSCORE', ages, '-inf', text(now - ${keepClaimsMs}), 'LIMIT', 0, 100)
for _, name in ipairs(old) do
  local gone = record(name)
  -- whoever forgets a claim must take its steps for drawn by somebody else
  if gone and gone.from < gone.until_ then
    redis.call('HSET', marks, 'floor', text(max(mark('floor'), gone.until_)))
    redis.call('HSET', marks, 'ceiling', text(min(mark('ceiling'), mark('from'))))
  end
  redis.call('HDEL', claims, name)
  redis.call('ZREM', ages, name)
end
return { text(from), text(until_) }`)

/** KEYS: marks. ARGV: field and value, field and value... Sets all of them unless there are marks already. */
export const restoreScript = luaScript(`
if redis.call('HEXISTS', KEYS[1], 'known') == 0 then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'known', '1', unpack(ARGV))
end
return redis.call('HGETALL', KEYS[1])`)

/** KEYS: marks. ARGV: instant; first and last of a gap that was left out, or nothing. Forward only. */
export const moveScoredScript = luaScript(`
if redis.call('HEXISTS', KEYS[1], 'known') == 0 then return 0 end
if tonumber(redis.call('HGET', KEYS[1], 'scored') or '-1') >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'scored', ARGV[1])
if ARGV[2] then redis.call('HSET', KEYS[1], 'gap.' .. ARGV[2], ARGV[3]) end
return 1`)
