import { luaBatchScript, luaScript } from '../lua.ts'
import { tickLua } from './tick-scripts.ts'

/** Row of a schedule: score in the due set ('' when it has none), document, generation, last T. */
const rowLua = `
local function row(due, member, answer)
  local tenant, id = string.match(member, '^([^/]+)/(.+)$')
  if not tenant then return false end
  local fields = redis.call('HMGET', '{at}:sch:' .. tenant .. ':' .. id, 'doc', 'generation', 'last')
  if not fields[1] then return false end
  answer[#answer + 1] = member
  answer[#answer + 1] = redis.call('ZSCORE', due, member) or ''
  for i = 1, 3 do answer[#answer + 1] = fields[i] end
  return true
end
`

/** KEYS: due. ARGV: member. */
export const readScript = luaScript(`${rowLua}
local answer = {}
row(KEYS[1], ARGV[1], answer)
return answer`)

/** KEYS: due. ARGV: now, limit. A due entry without its schedule is dropped. */
export const dueScript = luaScript(`${rowLua}
local answer = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])) do
  if not row(KEYS[1], member, answer) then redis.call('ZREM', KEYS[1], member) end
end
return answer`)

/**
 * KEYS: schedule, due, schedules, own ones, their revision.
 * ARGV: member, generation and last T as read ('|' for a new one), then new ones, '1' for one of its own.
 */
export const writeScript = luaScript(`
local is = redis.call('HMGET', KEYS[1], 'generation', 'last')
if (is[1] or '') .. '|' .. (is[2] or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'doc', ARGV[3], 'generation', ARGV[4], 'last', ARGV[5])
if ARGV[6] == '' then redis.call('ZREM', KEYS[2], ARGV[1]) else redis.call('ZADD', KEYS[2], ARGV[6], ARGV[1]) end
redis.call('ZADD', KEYS[3], 0, ARGV[1])
if ARGV[7] == '1' then
  redis.call('ZADD', KEYS[4], 0, ARGV[1])
  redis.call('INCR', KEYS[5])
end
return 1`)

/** KEYS: schedule, due, schedules, overlap, own ones, their revision. ARGV: member, generation that it must have or ''. Answers -1 for another. */
export const removeScript = luaScript(`
local generation = redis.call('HGET', KEYS[1], 'generation')
if ARGV[2] ~= '' and generation and generation ~= ARGV[2] then return -1 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('ZREM', KEYS[5], ARGV[1]) == 1 then redis.call('INCR', KEYS[6]) end
return redis.call('DEL', KEYS[1], KEYS[4]) > 0 and 1 or 0`)

/**
 * KEYS: schedule, due, open, ticks.
 * ARGV: member, score and generation as read, last T, next score or '', now, prefix in open, number of opened T's, the
 * opened T's, then T, outcome, reason and distance of each final tick.
 */
export const advanceScript = luaBatchScript(
  4,
  tickLua,
  `
local score = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], 'last', ARGV[4])
if ARGV[5] == '' then redis.call('ZREM', KEYS[2], ARGV[1]) else redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1]) end
local first = 9 + tonumber(ARGV[8])
for i = 9, first - 1 do
  local outcome = tickOutcome(KEYS[4], tonumber(ARGV[i]))
  if not outcome or outcome == 7 then redis.call('ZADD', KEYS[3], 'NX', ARGV[6], ARGV[7] .. ARGV[i]) end
end
for i = first, #ARGV, 4 do
  endTick(KEYS[4], KEYS[1], KEYS[3], ARGV[7] .. ARGV[i],
    tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]))
end
return 1`,
)

/** KEYS: due. ARGV: member, score as read, new score. Only while it is due as it was. */
export const postponeScript = luaScript(`
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return 1`)

/** KEYS: schedules, due. ARGV: first rank, last rank. Answers how many were read, then those that are not due ever. */
export const undueScript = luaScript(`
local members = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2])
local answer = { #members }
for _, member in ipairs(members) do
  if not redis.call('ZSCORE', KEYS[2], member) then answer[#answer + 1] = member end
end
return answer`)

/** KEYS: schedule. ARGV: 1 for a run that failed, 0 for one that did not. Answers how many failed in a row. */
export const countFailureScript = luaScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[1] == '1' then return redis.call('HINCRBY', KEYS[1], 'failures', 1) end
redis.call('HDEL', KEYS[1], 'failures')
return 0`)

/** KEYS: due. */
export const nextDueScript = luaScript(`return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]`)
