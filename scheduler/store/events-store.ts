import type { ChainableCommander } from 'ioredis'
import { z } from 'zod'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { type FlowName, flowNames, type RunRecord, recordStates, runIds } from '../queue/runs.ts'
import { withCalendars } from './calendars/calendar-names.ts'
import { luaScript, runLua } from './lua.ts'
import { redisCall } from './redis-call.ts'
import { decodeDocument } from './stored-document.ts'
import { keys } from './ticks/schedule-keys.ts'
import { dayMs, type TickMark, tickOf } from './ticks/tick-codec.ts'

/** A run is in another state than before. */
export interface RunEvent
  extends Pick<
    RunRecord,
    'runId' | 'flow' | 'mission' | 'scheduleId' | 'taskFlow' | 'nominalMs' | 'state' | 'attempt'
  > {
  readonly kind: 'run'
  readonly id: string
  readonly errorCode?: string
}

/** A tick ended otherwise than as a plain run on time. */
export interface TickEvent extends TickMark {
  readonly kind: 'tick'
  readonly id: string
  /** Of the run that the tick made. */
  readonly runId?: string
  /** Id of the calendar that kept it from running. */
  readonly calendar?: string
  readonly scheduleId: string
  readonly flow: FlowName
}

export type ChangeEvent = RunEvent | TickEvent

export interface EventPage {
  readonly events: readonly ChangeEvent[]
  /** The newest that was looked at: where to read on, whether or not anything of it could be read. */
  readonly lastId: string
  /** Entries after the one asked for are gone, or it lies ahead of all there are: nobody knows what came after it. */
  readonly isGap: boolean
}

/** What changed in a tenant, oldest first. Each is kept until 10,000 newer ones came. */
export interface EventStore {
  /** Where to begin to hear what comes next. */
  lastId(tenant: string): Promise<string>
  readAfter(tenant: string, id: string, limit: number): Promise<EventPage>
}

const kept = 10_000
const keptMs = 8 * dayMs
export const beforeAll = '0-0'

/** Inside other scripts, so that an event is there if and only if its tick is. `member`: as in the open set. */
export const tickEventLua = `
local function tickEvent(member, outcome, reason, distance)
  local tenant = string.match(member, '^[^/]+/([^/]+)/')
  if not tenant then return end
  local key = '{at}:ev:' .. tenant
  redis.call('XADD', key, 'MAXLEN', '~', ${kept}, '*', 'tick', member, 'o', outcome, 'r', reason, 'd', distance)
  redis.call('PEXPIRE', key, ${keptMs})
end
`

/** In the transaction that writes the record. */
export function addRunEvent(change: ChainableCommander, record: RunRecord): void {
  const { runId, flow, mission, scheduleId, taskFlow, nominalMs, state, attempt, error } = record
  const fields = {
    ...{ runId, flow, mission, scheduleId, taskFlow, nominalMs, state, attempt },
    errorCode: error?.code,
  }
  const key = keys.events(record.tenant)
  change.xadd(key, 'MAXLEN', '~', kept, '*', 'run', JSON.stringify(fields)).pexpire(key, keptMs)
}

/** KEYS: stream. ARGV: id, limit. Answers the ids of the oldest and the newest entry or '', then the entries after the id. */
const readScript = luaScript(`
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local after = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2] + 1)
return { oldest[1] and oldest[1][1] or '', newest[1] and newest[1][1] or '', after }`)

type StreamEntry = readonly [id: string, fields: readonly string[]]

export function eventStore(redis: RedisClient): EventStore {
  return {
    async lastId(tenant) {
      const newest = await redisCall('read events', redis.xrevrange(keys.events(tenant), '+', '-', 'COUNT', 1))
      return newest[0]?.[0] ?? beforeAll
    },

    async readAfter(tenant, id, limit) {
      const answer = await runLua(redis, readScript, [keys.events(tenant)], [id, limit])
      const [oldest, newest, entries] = answer as [string, string, readonly StreamEntry[]]
      // of another Redis, or of none: what comes next may have a lower id for years
      if (newest !== '' && isLater(id, newest)) return { events: [], lastId: newest, isGap: true }
      const after = entries.filter(([entry]) => entry !== id).slice(0, limit)
      const isGap = id !== beforeAll && (oldest === '' || isLater(oldest, id))
      const events = await withCalendars(
        redis,
        after.flatMap((entry) => decodeEvent(entry) ?? []),
      )
      return { events, lastId: after.at(-1)?.[0] ?? id, isGap }
    },
  }
}

function isLater(a: string, b: string): boolean {
  const [aMs = 0, aSerial = 0] = a.split('-').map(Number)
  const [bMs = 0, bSerial = 0] = b.split('-').map(Number)
  return aMs > bMs || (aMs === bMs && aSerial > bSerial)
}

/** undefined: another release wrote it. */
function decodeEvent([id, list]: StreamEntry): ChangeEvent | undefined {
  const fields = Object.fromEntries(list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] ?? '']] : [])))
  if (fields.run !== undefined) return decodeRunEvent(id, fields.run)
  const [flow, tenant = '', scheduleId = '', nominal] = (fields.tick ?? '').split('/')
  const known = flowNames.find((name) => name === flow)
  const tick = tickOf({
    ...{
      nominalMs: Number(nominal),
      outcome: Number(fields.o),
      reason: Number(fields.r),
      distanceMs: Number(fields.d),
    },
  })
  if (!known || !tick) return undefined
  const ran = tick.outcome === 'run' && { runId: runIds.tick(tenant, scheduleId, tick.nominalMs) }
  return { kind: 'tick', id, scheduleId, flow: known, ...tick, ...ran }
}

const runEvent = z.object({
  runId: z.string(),
  flow: z.enum(flowNames),
  mission: z.string(),
  scheduleId: z.string().exactOptional(),
  taskFlow: z.string().exactOptional(),
  nominalMs: z.number(),
  state: z.enum(recordStates),
  attempt: z.number(),
  errorCode: z.string().exactOptional(),
})

function decodeRunEvent(id: string, json: string): RunEvent | undefined {
  const { document } = decodeDocument(json, runEvent)
  return document && { kind: 'run', id, ...document }
}
