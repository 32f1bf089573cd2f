import type { RedisClient } from '../../../tasks/cache/redis.ts'
import type { TickOutcome } from '../../planning/types.ts'
import { type FlowName, runIds } from '../../queue/runs.ts'
import { withCalendars } from '../calendars/calendar-names.ts'
import { runLua } from '../lua.ts'
import { redisCall } from '../redis-call.ts'
import { ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { keys, queuePrefix, type ScheduleKey, scheduleMember } from './schedule-keys.ts'
import {
  dayMs,
  decodeTicks,
  isTickDay,
  type TickMark,
  type TickQuery,
  tickArguments,
  tickOutcomes,
} from './tick-codec.ts'
import { lostTicksScript, recordTickScript } from './tick-scripts.ts'

export interface FlowSchedule extends ScheduleKey {
  readonly flow: FlowName
}

/** A tick that was enqueued and not begun, though its job is gone. */
export interface LostTick extends FlowSchedule {
  readonly nominalMs: number
}

export interface TickRecord extends TickMark {
  /** Of the run that the tick made. */
  readonly runId?: string
  /** Id of the calendar that kept it from running. */
  readonly calendar?: string
}

/** Outcome of every T of the last two days. The first one stays, whoever comes second. */
export interface TickStore {
  /** The outcome that holds, which is `mark.outcome` unless the T had a final one before. */
  record(schedule: FlowSchedule, mark: TickMark): Promise<{ readonly outcome: TickOutcome; readonly isNew: boolean }>
  /** Oldest first; at most the last 8 days of the range. */
  list(key: ScheduleKey, query: TickQuery): Promise<TickRecord[]>
  /** Since the schedule was made. */
  counters(key: ScheduleKey): Promise<Partial<Record<TickOutcome, number>>>
  /** Only ticks that were enqueued before the given instant: younger ones may be on their way. */
  lostTicks(enqueuedBeforeMs: number): Promise<LostTick[]>
}

const openTicksPerRead = 1_000
/** Older ticks than this before the end of a range are gone anyway: nobody's `from=0` may read 20,000 days. */
const longestRangeMs = 8 * dayMs

export function createTickStore(redis: RedisClient, onUnreadable: OnUnreadable = ignoreUnreadable): TickStore {
  async function ticksOfDay(key: ScheduleKey, day: number, query: TickQuery): Promise<TickRecord[]> {
    const packed = await redisCall('read ticks', redis.getBuffer(`${keys.ticks(key)}${day}`))
    if (!packed) return []
    if (!isTickDay(packed)) {
      const reason = `${packed.length} bytes that are no day of ticks`
      onUnreadable({ kind: 'ticks', key: `${scheduleMember(key)} ${day}`, reason })
    }
    return decodeTicks(packed, day * dayMs, query).map((tick) =>
      tick.outcome === 'run' ? { ...tick, runId: runIds.tick(key.tenant, key.id, tick.nominalMs) } : tick,
    )
  }

  return {
    async record(schedule, mark) {
      const touched = [keys.ticks(schedule), keys.schedule(schedule), keys.open]
      const args = [openMember(schedule, mark.nominalMs), ...tickArguments(mark)]
      const there = Number(await runLua(redis, recordTickScript, touched, args))
      return { outcome: tickOutcomes[there] ?? mark.outcome, isNew: there === -1 }
    },

    async list(key, query) {
      const { fromMs, untilMs, limit = Number.POSITIVE_INFINITY } = query
      let ticks: TickRecord[] = []
      const firstMs = Math.max(fromMs, untilMs - longestRangeMs)
      for (let day = Math.floor(firstMs / dayMs); day * dayMs <= untilMs && ticks.length < limit; day++)
        // a day may have more than fit on the stack
        ticks = ticks.concat(await ticksOfDay(key, day, { ...query, limit: limit - ticks.length }))
      return withCalendars(redis, ticks)
    },

    async counters(key) {
      const fields = tickOutcomes.map((_, code) => `n${code}`)
      const counts = await redisCall('read tick counters', redis.hmget(keys.schedule(key), ...fields))
      const known = tickOutcomes.map((outcome, code) => [outcome, Number(counts[code] ?? 0)] as const)
      return Object.fromEntries(known.filter(([, count]) => count > 0))
    },

    async lostTicks(enqueuedBeforeMs) {
      const lost: LostTick[] = []
      for (let from = 0; ; from += openTicksPerRead) {
        const args = [queuePrefix, from, from + openTicksPerRead - 1, enqueuedBeforeMs]
        const [read, ...members] = (await runLua(redis, lostTicksScript, [keys.open], args)) as [number, ...string[]]
        lost.push(...members.map(parseOpenMember))
        if (read < openTicksPerRead) return lost
      }
    },
  }
}

export const openMember = (schedule: FlowSchedule, nominalMs: number | ''): string =>
  `${schedule.flow}/${scheduleMember(schedule)}/${nominalMs}`

function parseOpenMember(member: string): LostTick {
  const [flow = '', tenant = '', id = '', nominal] = member.split('/')
  return { flow: flow as FlowName, tenant, id, nominalMs: Number(nominal) }
}
