import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { AppError } from '../../../models/errors.ts'
import { startDelayMs } from '../../planning/schedule-spec.ts'
import { nextNominal } from '../../planning/tick-sequence.ts'
import type { SchedulePolicy, ScheduleSpec } from '../../planning/types.ts'
import type { FlowName } from '../../queue/runs.ts'
import { runLua } from '../lua.ts'
import { maxWrites, outrun } from '../outrun.ts'
import { redisCall } from '../redis-call.ts'
import { keys, parseScheduleMember, type ScheduleKey, scheduleMember } from './schedule-keys.ts'
import {
  advanceScript,
  dueScript,
  nextDueScript,
  readScript,
  removeScript,
  undueScript,
  writeScript,
} from './schedule-scripts.ts'
import { type TickMark, tickArguments } from './tick-codec.ts'

/** What the mission service hands over; equal entries are no change. */
export interface ScheduleEntry extends ScheduleKey {
  readonly mission: string
  readonly flow: FlowName
  readonly spec: ScheduleSpec
  readonly policy: SchedulePolicy
  /** Goes into every job; a change of it alone is an edit that moves no T. */
  readonly bandKey: string
}

/** T's in (sinceMs, untilMs] end as `paused`; without `untilMs` it lasts. */
export interface SchedulePause {
  readonly reason: string
  readonly sinceMs: number
  readonly untilMs?: number
}

/** Spec that was in force up to `untilMs`, kept while some of its T's are not planned yet. */
export interface EarlierSpec {
  readonly spec: ScheduleSpec
  readonly untilMs: number
}

export type PauseRequest = Omit<SchedulePause, 'sinceMs'>

export interface StoredSchedule extends ScheduleEntry {
  /** Grows with every edit and pause; `advance` refuses a decision made for another one. */
  readonly generation: number
  /** Every T at or before this is decided; at creation the instant of the creation. */
  readonly lastNominalMs: number
  /** Oldest first; nearly always empty. */
  readonly earlier: readonly EarlierSpec[]
  readonly pause?: SchedulePause
  /** Start of each run after its T, from the hash of the id; below `policy.startSpreadMs`. */
  readonly spreadMs: number
  /** Score in the due set: when the planner looks at it next; undefined when no T is left. */
  readonly dueMs?: number
}

/** What a decision changes. */
export interface ScheduleAdvance {
  readonly lastNominalMs: number
  /** undefined: no T is left. */
  readonly dueMs: number | undefined
  /** Final outcomes, oldest first. */
  readonly marks: readonly TickMark[]
  /** T's that were enqueued: open until a worker begins or drops them. */
  readonly opened: readonly number[]
}

/** Schedules and when they are due. Everything is one Lua step; the clock is the caller's. */
export interface ScheduleStore {
  /** An unchanged entry changes nothing. An edit keeps T's that are due already; later T's follow the new spec. */
  upsertSchedule(entry: ScheduleEntry, nowMs: number): Promise<'created' | 'updated' | 'unchanged'>
  /** False when there was none. Ticks stay until they age out. */
  removeSchedule(key: ScheduleKey): Promise<boolean>
  /** undefined ends a pause at `nowMs`. False when there is no such schedule. */
  setPaused(key: ScheduleKey, pause: PauseRequest | undefined, nowMs: number): Promise<boolean>
  get(key: ScheduleKey): Promise<StoredSchedule | undefined>
  /** Every schedule, in the order of the names. */
  all(): AsyncGenerator<ScheduleKey>
  /** Most overdue first. */
  dueBefore(nowMs: number, limit: number): Promise<StoredSchedule[]>
  /** Score of the most overdue schedule; undefined when there is none. */
  nextDueMs(): Promise<number | undefined>
  /** Gives schedules that lost it their due entry back, and names them. */
  repairDue(): Promise<ScheduleKey[]>
  /** Applies only while due score and generation are those of `schedule`; false otherwise. */
  advance(schedule: StoredSchedule, change: ScheduleAdvance, nowMs: number): Promise<boolean>
}

const schedulesPerRead = 1_000

export function createScheduleStore(redis: Redis): ScheduleStore {
  const read = async (key: ScheduleKey) => rows(await runLua(redis, readScript, [keys.due], [scheduleMember(key)]))[0]

  /** Reads, changes and writes until nobody wrote in between; `change` answers undefined when there is nothing to do. */
  async function rewrite(key: ScheduleKey, change: (stored?: StoredSchedule) => StoredSchedule | undefined) {
    for (let i = 0; i < maxWrites; i++) {
      const stored = await read(key)
      const next = change(stored)
      if (!next) return { stored, next }
      const was = stored ? `${stored.generation}|${stored.lastNominalMs}` : '|'
      if (await runLua(redis, writeScript, [keys.schedule(key), keys.due, keys.schedules], written(next, was)))
        return { stored, next }
      await outrun(i)
    }
    throw new AppError('CONFLICT', `schedule ${scheduleMember(key)} is being changed by others all the time`)
  }

  /** A schedule without a T to come has no due entry for good. */
  async function restoreDue(key: ScheduleKey): Promise<boolean> {
    const stored = await read(key)
    if (!stored || stored.dueMs !== undefined || dueAgain(stored).dueMs === undefined) return false
    const { next } = await rewrite(key, (was) => (was && was.dueMs === undefined ? dueAgain(was) : undefined))
    return next !== undefined
  }

  return {
    get: read,

    async upsertSchedule(entry, nowMs) {
      const { stored, next } = await rewrite(entry, (was) => (was ? edited(was, entry, nowMs) : created(entry, nowMs)))
      if (!stored) return 'created'
      return next ? 'updated' : 'unchanged'
    },

    async removeSchedule(key) {
      const touched = [keys.schedule(key), keys.due, keys.schedules, keys.overlap(key)]
      return (await runLua(redis, removeScript, touched, [scheduleMember(key)])) === 1
    },

    async setPaused(key, pause, nowMs) {
      const { stored } = await rewrite(key, (was) => was && paused(was, pause, nowMs))
      return stored !== undefined
    },

    async *all() {
      for (let after = '-'; ; ) {
        const page = redis.zrange(keys.schedules, after, '+', 'BYLEX', 'LIMIT', 0, schedulesPerRead)
        const members = await redisCall('list schedules', page)
        yield* members.map(parseScheduleMember)
        if (members.length < schedulesPerRead) return
        after = `(${members.at(-1)}`
      }
    },

    async dueBefore(nowMs, limit) {
      return rows(await runLua(redis, dueScript, [keys.due], [nowMs, limit]))
    },

    async nextDueMs() {
      const score = await runLua(redis, nextDueScript, [keys.due], [])
      return score === null ? undefined : Number(score)
    },

    async repairDue() {
      const repaired: ScheduleKey[] = []
      for (let from = 0; ; from += schedulesPerRead) {
        const ranks = [from, from + schedulesPerRead - 1]
        const answer = await runLua(redis, undueScript, [keys.schedules, keys.due], ranks)
        const [read, ...members] = answer as [number, ...string[]]
        for (const key of members.map(parseScheduleMember)) if (await restoreDue(key)) repaired.push(key)
        if (read < schedulesPerRead) return repaired
      }
    },

    async advance(schedule, { lastNominalMs, dueMs, marks, opened }, nowMs) {
      const member = scheduleMember(schedule)
      const touched = [keys.schedule(schedule), keys.due, keys.open, keys.ticks(schedule)]
      const before = [schedule.dueMs ?? '', schedule.generation]
      const opening = [nowMs, `${schedule.flow}/${member}/`, opened.length, ...opened]
      const after = [lastNominalMs, dueMs ?? '', ...opening, ...marks.flatMap(tickArguments)]
      return (await runLua(redis, advanceScript, touched, [member, ...before, ...after])) === 1
    },
  }
}

function created(entry: ScheduleEntry, nowMs: number): StoredSchedule {
  return dueAgain({ ...entry, generation: 1, lastNominalMs: nowMs, earlier: [], spreadMs: 0 })
}

function edited(was: StoredSchedule, entry: ScheduleEntry, nowMs: number): StoredSchedule | undefined {
  if (isDeepStrictEqual(entryOf(was), entryOf(entry))) return undefined
  const next = { ...was, ...entryOf(entry), generation: was.generation + 1 }
  if (isDeepStrictEqual(was.spec, entry.spec)) return dueAgain(next)
  const oldestMs = nextNominal(was, was.lastNominalMs)
  if (oldestMs !== undefined && oldestMs <= nowMs)
    return dueAgain({ ...next, earlier: [...was.earlier, { spec: was.spec, untilMs: nowMs }] })
  return dueAgain({ ...next, earlier: [], lastNominalMs: Math.max(was.lastNominalMs, nowMs) })
}

/** A pause that has ended is kept: T's of its time may not be planned yet. */
function paused(was: StoredSchedule, pause: PauseRequest | undefined, nowMs: number): StoredSchedule | undefined {
  const ongoing = was.pause && (was.pause.untilMs ?? Number.POSITIVE_INFINITY) > nowMs ? was.pause : undefined
  if (!pause && !ongoing) return undefined
  const next = pause ? { ...pause, sinceMs: ongoing?.sinceMs ?? nowMs } : { ...ongoing!, untilMs: nowMs }
  return dueAgain({ ...was, generation: was.generation + 1, pause: next })
}

function dueAgain(schedule: StoredSchedule): StoredSchedule {
  const { dueMs: _, ...rest } = schedule
  const spreadMs = startDelayMs(scheduleMember(schedule), schedule.policy.startSpreadMs)
  const tickMs = nextNominal(schedule, schedule.lastNominalMs)
  return { ...rest, spreadMs, ...(tickMs !== undefined && { dueMs: tickMs + spreadMs }) }
}

const entryOf = ({ tenant, id, mission, flow, spec, policy, bandKey }: ScheduleEntry): ScheduleEntry => ({
  ...{ tenant, id, mission, flow, spec, policy, bandKey },
})

/** What lies in the hash beside generation and last T; the spread is kept so that no reader hashes again. */
type ScheduleDocument = Omit<StoredSchedule, 'tenant' | 'id' | 'generation' | 'lastNominalMs' | 'dueMs'>

function written(schedule: StoredSchedule, was: string): (string | number)[] {
  const { tenant: _, id: __, generation, lastNominalMs, dueMs, ...document } = schedule
  return [scheduleMember(schedule), was, JSON.stringify(document), generation, lastNominalMs, dueMs ?? '']
}

/** Five strings for each schedule; only this store writes the document, so its shape is trusted. */
function rows(answer: unknown): StoredSchedule[] {
  const cells = answer as string[]
  const schedules: StoredSchedule[] = []
  for (let i = 0; i + 4 < cells.length; i += 5) {
    const document = JSON.parse(cells[i + 2]!) as ScheduleDocument
    const lastNominalMs = Number(cells[i + 4])
    schedules.push({
      ...parseScheduleMember(cells[i]!),
      ...document,
      earlier: document.earlier.filter(({ untilMs }) => untilMs > lastNominalMs),
      generation: Number(cells[i + 3]),
      lastNominalMs,
      ...(cells[i + 1] !== '' && { dueMs: Number(cells[i + 1]) }),
    })
  }
  return schedules
}
