import { luaBatchScript } from '../lua.ts'
import { dayMs, tickOutcomes, tickReasons } from './tick-codec.ts'
import { aliveLua, tickLua } from './tick-scripts.ts'

const outcome = (name: (typeof tickOutcomes)[number]): number => tickOutcomes.indexOf(name)
const reason = (name: (typeof tickReasons)[number]): number => tickReasons.indexOf(name)

/** Longer than any run lives; only keeps keys of schedules that are gone from staying. */
const keepMs = 7 * dayMs

const overlapKeys = 5
const sharedLua = `${tickLua}${aliveLua}`

/** KEYS of both: job, overlap, ticks, schedule, open. ARGV begin: run id, T, mode, prefix of jobs, prefix in open. */
const namesLua = `
local runId, nominal, mode, jobs, members = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]

local function endAs(t, outcome, reason, distance)
  return endTick(KEYS[3], KEYS[4], KEYS[5], members .. t, tonumber(t), outcome, reason, math.min(distance, 2 ^ 27 - 1))
end

local function isOther(id)
  return id and id ~= runId and alive(jobs .. id)
end
`

/**
 * Answers {'new', replaced run or ''}, {'same'} or {'held', holder}. A tick that has ended is the same though its job is
 * forgotten, so that no T is held for what a planner brings that was stopped for minutes.
 */
export const reserveScript = luaBatchScript(
  overlapKeys,
  sharedLua,
  `${namesLua}
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'same' } end
if mode == '' then return { 'new', '' } end
local ended = tickOutcome(KEYS[3], nominal)
if ended and ended ~= ${outcome('buffered')} then return { 'same' } end
local held = redis.call('HMGET', KEYS[2], 'latest', 'latestT', 'active')
local latest, latestT, active = held[1], held[2], held[3]
local replaced = ''
if mode == 'skip' and isOther(active) then return { 'held', active } end
if isOther(latest) then
  if mode == 'skip' or tonumber(latestT) > nominal then return { 'held', latest } end
  if latest ~= active then
    local there = endAs(latestT, ${outcome('coalesced')}, ${reason('newer_due')}, nominal - tonumber(latestT))
    if there == -1 then replaced = latest end
  end
end
redis.call('HSET', KEYS[2], 'latest', runId, 'latestT', ARGV[2])
redis.call('PEXPIRE', KEYS[2], ${keepMs})
return { 'new', replaced }`,
)

/**
 * ARGV goes on: lag, is it late, is it caught up. Answers verdict, outcome of the tick, -1 where this call set it, and how
 * many runs of the schedule have failed one after the other.
 * The job bears 'begun' from its first start on: a retry goes on, a second job of an id that ran before does not.
 */
export const beginScript = luaBatchScript(
  overlapKeys,
  sharedLua,
  `${namesLua}
local lag = tonumber(ARGV[6])
local function answer(verdict, outcome, reason, distance)
  return { verdict, outcome, endAs(ARGV[2], outcome, reason, distance), tonumber(redis.call('HGET', KEYS[4], 'failures') or 0) }
end
if redis.call('HEXISTS', KEYS[1], 'begun') == 0 then
  local there = tickOutcome(KEYS[3], nominal)
  if there and there ~= ${outcome('buffered')} then return { 'drop', there, there } end
  if ARGV[7] == '1' then return answer('drop', ${outcome('expired')}, ${reason('start_deadline')}, lag) end
  local held = redis.call('HMGET', KEYS[2], 'latestT', 'active')
  local latestT = tonumber(held[1] or 0)
  if mode == 'latest' and latestT > nominal then
    return answer('drop', ${outcome('coalesced')}, ${reason('newer_due')}, latestT - nominal)
  end
  if mode ~= '' and isOther(held[2]) then
    return answer('wait', ${outcome('buffered')}, ${reason('holder_active')}, lag)
  end
  if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'begun', 1) end
end
if mode ~= '' then
  redis.call('HSET', KEYS[2], 'active', runId)
  redis.call('PEXPIRE', KEYS[2], ${keepMs})
end
local why = ARGV[8] == '1' and ${reason('caught_up')} or ${reason('on_time')}
return answer('go', ${outcome('run')}, why, lag)`,
)
