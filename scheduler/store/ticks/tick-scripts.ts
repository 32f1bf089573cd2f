import { tickEventLua } from '../events-store.ts'
import { luaScript } from '../lua.ts'
import { dayMs } from './tick-codec.ts'

/** Two days and the one that is under way. */
const keepMs = 3 * dayMs

/**
 * A day's ticks lie in one string, 8 bytes each (tick-codec.ts), sorted by T. The first outcome of a T stays; only
 * `buffered` (7) gives way. Answers are -1 for "written", else the outcome that was there.
 */
export const tickLua = `${tickEventLua}
local function tickAt(key, index)
  return (struct.unpack('>I4', redis.call('GETRANGE', key, 4 + index * 8, 7 + index * 8)))
end

local function findTick(key, offset)
  local length = redis.call('STRLEN', key)
  if length > 0 and (length % 8 ~= 4 or redis.call('GETRANGE', key, 0, 3) ~= 'ATK\\1') then
    redis.call('DEL', key)
    length = 0
  end
  local low, count = 0, math.max(0, (length - 4) / 8)
  local high = count
  if count > 0 and math.floor(tickAt(key, count - 1) / 32) < offset then low = count end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if math.floor(tickAt(key, middle) / 32) < offset then low = middle + 1 else high = middle end
  end
  if low == count then return low, nil, length end
  local word = tickAt(key, low)
  if math.floor(word / 32) ~= offset then return low, nil, length end
  return low, math.floor(word / 4) % 8, length
end

local function tickOutcome(base, nominal)
  local _, outcome = findTick(base .. math.floor(nominal / ${dayMs}), nominal % ${dayMs})
  return outcome
end

local function putTick(base, nominal, outcome, reason, distance)
  local key, offset = base .. math.floor(nominal / ${dayMs}), nominal % ${dayMs}
  local record = struct.pack('>I4I4', offset * 32 + outcome * 4, reason * 2 ^ 27 + distance)
  local index, there, length = findTick(key, offset)
  if there and (there ~= 7 or outcome == 7) then return there end
  if there then
    redis.call('SETRANGE', key, 4 + index * 8, record)
  elseif length == 0 then
    redis.call('SET', key, 'ATK\\1' .. record, 'PX', ${keepMs})
  else
    redis.call('SETRANGE', key, 4 + index * 8, record .. redis.call('GETRANGE', key, 4 + index * 8, -1))
  end
  return -1
end

local function endTick(base, schedule, open, member, nominal, outcome, reason, distance)
  local there = putTick(base, nominal, outcome, reason, distance)
  if there == -1 and outcome ~= 7 and redis.call('EXISTS', schedule) == 1 then
    redis.call('HINCRBY', schedule, 'n' .. outcome, 1)
  end
  if outcome ~= 7 then redis.call('ZREM', open, member) end
  -- 0 and 0: a run on time, of which there are millions
  if there == -1 and outcome ~= 7 and outcome + reason > 0 then tickEvent(member, outcome, reason, distance) end
  return there
end
`

/** A BullMQ job that has neither finished nor been removed. */
export const aliveLua = `
local function alive(job)
  return redis.call('EXISTS', job) == 1 and redis.call('HEXISTS', job, 'finishedOn') == 0
end
`

/** KEYS: ticks, schedule, open. ARGV: open member, T, outcome, reason, distance. */
export const recordTickScript = luaScript(`${tickLua}
return endTick(KEYS[1], KEYS[2], KEYS[3], ARGV[1],
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]))`)

/** KEYS: open. ARGV: prefix of jobs, first rank, last rank, opened before. Answers how many were read, then the dead. */
export const lostTicksScript = luaScript(`${aliveLua}
local members = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[3], 'WITHSCORES')
local answer = { #members / 2 }
for i = 1, #members, 2 do
  local flow, tenant, id, nominal = string.match(members[i], '^([^/]+)/([^/]+)/([^/]+)/(%d+)$')
  if not flow then
    redis.call('ZREM', KEYS[1], members[i])
  elseif tonumber(members[i + 1]) < tonumber(ARGV[4]) then
    local job = ARGV[1] .. ':' .. flow .. ':r.' .. tenant .. '.' .. id .. '.' .. nominal
    if not alive(job) then answer[#answer + 1] = members[i] end
  end
end
return answer`)
