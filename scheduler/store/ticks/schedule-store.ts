import { toAppError } from '../../../models/errors.ts'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import { batchLua, runLua } from '../lua.ts'
import { untilWritten } from '../outrun.ts'
import { decodeCursor, encodeCursor, idPlace } from '../pages.ts'
import { redisCall } from '../redis-call.ts'
import { ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { decodeScheduleRows, encodeSchedule, type ScheduleRow } from './schedule-document.ts'
import { keys, parseScheduleMember, type ScheduleKey, scheduleMember } from './schedule-keys.ts'
import {
  advanceScript,
  countFailureScript,
  dueScript,
  nextDueScript,
  postponeScript,
  readScript,
  removeScript,
  undueScript,
  writeScript,
} from './schedule-scripts.ts'
import {
  createdSchedule,
  dueAgain,
  editedSchedule,
  type PauseRequest,
  pausedSchedule,
  type ScheduleEntry,
  type StoredSchedule,
} from './stored-schedule.ts'
import { type TickMark, tickArguments } from './tick-codec.ts'

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

export interface SchedulePage {
  readonly schedules: readonly StoredSchedule[]
  /** Opaque; undefined on the last page. */
  readonly cursor?: string
}

export interface UpsertOptions {
  /** Throws where what is stored is not what the caller changes. */
  readonly expect?: (stored: StoredSchedule | undefined) => void
  /** Of a new one; default 1. */
  readonly generation?: number
}

export interface UpsertAnswer {
  /** As it is stored now. */
  readonly schedule: StoredSchedule
  readonly outcome: 'created' | 'updated' | 'unchanged'
}

export type PauseDecision = (stored: StoredSchedule) => PauseRequest | undefined

/** Schedules and when they are due. Everything is one Lua step; the clock is the caller's. */
export interface ScheduleStore {
  /** An unchanged entry changes nothing, one that cannot be read is written anew. An edit keeps T's that are due already; later T's follow the new spec. */
  upsertSchedule(entry: ScheduleEntry, nowMs: number, options?: UpsertOptions): Promise<UpsertAnswer>
  /** Ticks stay until they age out. conflict: it has another generation than the given one. */
  removeSchedule(key: ScheduleKey, generation?: number): Promise<'removed' | 'missing' | 'conflict'>
  /** undefined ends a pause at `nowMs`. Resolves with what is stored now; undefined when there is no such schedule. */
  setPaused(key: ScheduleKey, pause: PauseRequest | undefined, nowMs: number): Promise<StoredSchedule | undefined>
  /** As `setPaused`, with what `decide` makes of the schedule as it is then; undefined leaves it so. */
  pauseIf(key: ScheduleKey, decide: PauseDecision, nowMs: number): Promise<void>
  get(key: ScheduleKey): Promise<StoredSchedule | undefined>
  /** By id, without those that cannot be read. */
  list(tenant: string, options: { readonly limit: number; readonly cursor?: string }): Promise<SchedulePage>
  /** Notes how a run ended; resolves with how many have failed one after the other. */
  countFailure(key: ScheduleKey, isFailure: boolean): Promise<number>
  failures(key: ScheduleKey): Promise<number>
  /** Every schedule, in the order of the names. */
  all(): AsyncGenerator<ScheduleKey>
  /** Those that no mission has; what cannot be read is named beside. */
  own(onUnreadable?: (key: ScheduleKey) => void): AsyncGenerator<StoredSchedule>
  /** Another number after every change of one that no mission has. */
  ownRevision(): Promise<number>
  /** Most overdue first; those that cannot be read are set aside. */
  dueBefore(nowMs: number, limit: number): Promise<StoredSchedule[]>
  /** Score of the most overdue schedule; undefined when there is none. */
  nextDueMs(): Promise<number | undefined>
  /** Reports a schedule that nothing can be decided about, and makes it due again a minute later: others go on. */
  setAside(key: ScheduleKey & { readonly dueMs?: number }, reason: string, nowMs: number): Promise<void>
  /** Gives schedules that lost it their due entry back, and names them. */
  repairDue(): Promise<ScheduleKey[]>
  /** Applies only while due score and generation are those of `schedule`; false otherwise. */
  advance(schedule: StoredSchedule, change: ScheduleAdvance, nowMs: number): Promise<boolean>
}

const schedulesPerRead = 1_000

/** When a schedule that nobody can decide about is looked at again. */
const setAsideMs = 60_000

export function createScheduleStore(redis: RedisClient, onUnreadable: OnUnreadable = ignoreUnreadable): ScheduleStore {
  const advance = batchLua(redis, advanceScript)
  const readRow = async (key: ScheduleKey): Promise<ScheduleRow | undefined> =>
    decodeScheduleRows(await runLua(redis, readScript, [keys.due], [scheduleMember(key)]))[0]

  const report = (key: ScheduleKey, reason: string) =>
    onUnreadable({ kind: 'schedule', key: scheduleMember(key), reason })

  async function read(key: ScheduleKey): Promise<StoredSchedule | undefined> {
    const row = await readRow(key)
    if (row?.reason !== undefined) report(row, row.reason)
    return row?.schedule
  }

  async function setAside(key: ScheduleKey & { readonly dueMs?: number }, reason: string, nowMs: number) {
    await runLua(redis, postponeScript, [keys.due], [scheduleMember(key), key.dueMs ?? '', nowMs + setAsideMs])
    report(key, reason)
  }

  /** Reads, changes and writes until nobody wrote in between; `change` answers undefined when there is nothing to do. */
  async function rewrite(key: ScheduleKey, change: (row?: ScheduleRow) => StoredSchedule | undefined) {
    return untilWritten(`schedule ${scheduleMember(key)}`, async () => {
      const row = await readRow(key)
      const next = change(row)
      const answer = { stored: row?.schedule, next }
      if (!next) return answer
      const touched = [keys.schedule(key), keys.due, keys.schedules, keys.ownSchedules, keys.ownRevision]
      return (await runLua(redis, writeScript, touched, encodeSchedule(next, row?.stamp ?? '|'))) ? answer : undefined
    })
  }

  function hasTicksLeft(stored: StoredSchedule): boolean {
    try {
      return dueAgain(stored).dueMs !== undefined
    } catch (error) {
      report(stored, toAppError(error).message)
      return false
    }
  }

  /** A schedule without a T to come has no due entry for good. */
  async function restoreDue(key: ScheduleKey): Promise<boolean> {
    const stored = await read(key)
    if (!stored || stored.dueMs !== undefined || !hasTicksLeft(stored)) return false
    const { next } = await rewrite(key, (row) =>
      row?.schedule && row.schedule.dueMs === undefined ? dueAgain(row.schedule) : undefined,
    )
    return next !== undefined
  }

  async function* namesIn(set: string): AsyncGenerator<ScheduleKey> {
    for (let after = '-'; ; ) {
      const page = redis.zrange(set, after, '+', 'BYLEX', 'LIMIT', 0, schedulesPerRead)
      const members = await redisCall('list schedules', page)
      yield* members.map(parseScheduleMember)
      if (members.length < schedulesPerRead) return
      after = `(${members.at(-1)}`
    }
  }

  return {
    get: read,
    setAside,

    async upsertSchedule(entry, nowMs, { expect, generation = 1 } = {}) {
      const unknown = { generation: generation - 1, lastNominalMs: nowMs }
      const { stored, next } = await rewrite(entry, (row) => {
        expect?.(row?.schedule)
        return row?.schedule
          ? editedSchedule(row.schedule, entry, nowMs)
          : createdSchedule(entry, { ...unknown, ...row?.position })
      })
      if (stored) return next ? { schedule: next, outcome: 'updated' } : { schedule: stored, outcome: 'unchanged' }
      return { schedule: next!, outcome: 'created' }
    },

    async removeSchedule(key, generation) {
      const lists = [keys.due, keys.schedules, keys.overlap(key), keys.ownSchedules, keys.ownRevision]
      const touched = [keys.schedule(key), ...lists]
      const answer = await runLua(redis, removeScript, touched, [scheduleMember(key), generation ?? ''])
      if (answer === -1) return 'conflict'
      return answer === 1 ? 'removed' : 'missing'
    },

    async list(tenant, { limit, cursor }) {
      const from = cursor === undefined ? `[${tenant}/` : `(${tenant}/${decodeCursor(cursor, idPlace)[0]}`
      // '0' is the character behind '/'
      const page = redis.zrange(keys.schedules, from, `(${tenant}0`, 'BYLEX', 'LIMIT', 0, limit + 1)
      const members = await redisCall('list schedules', page)
      const found = await Promise.all(members.slice(0, limit).map((member) => read(parseScheduleMember(member))))
      const last = members[limit - 1]
      const hasMore = members.length > limit && last !== undefined
      const next = hasMore && encodeCursor(parseScheduleMember(last).id)
      return { schedules: found.filter((schedule) => schedule !== undefined), ...(next && { cursor: next }) }
    },

    async countFailure(key, isFailure) {
      return Number(await runLua(redis, countFailureScript, [keys.schedule(key)], [Number(isFailure)]))
    },

    async failures(key) {
      return Number((await redisCall('read failures', redis.hget(keys.schedule(key), 'failures'))) ?? 0)
    },

    async setPaused(key, pause, nowMs) {
      const { stored, next } = await rewrite(key, (row) => row?.schedule && pausedSchedule(row.schedule, pause, nowMs))
      return next ?? stored
    },

    async pauseIf(key, decide, nowMs) {
      await rewrite(key, (row) => {
        const pause = row?.schedule && decide(row.schedule)
        return pause && pausedSchedule(row.schedule, pause, nowMs)
      })
    },

    all: () => namesIn(keys.schedules),

    async *own(onUnread = () => undefined) {
      for await (const key of namesIn(keys.ownSchedules)) {
        const schedule = await read(key)
        if (schedule) yield schedule
        else onUnread(key)
      }
    },

    ownRevision: async () => Number(await redisCall('read the revision', redis.get(keys.ownRevision))),

    async dueBefore(nowMs, limit) {
      const rows = decodeScheduleRows(await runLua(redis, dueScript, [keys.due], [nowMs, limit]))
      for (const row of rows) if (row.reason !== undefined) await setAside(row, row.reason, nowMs)
      return rows.flatMap(({ schedule }) => schedule ?? [])
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
      return (await advance(touched, [member, ...before, ...after])) === 1
    },
  }
}
