import { AppError } from '../../models/errors.ts'
import { assertInstalled } from '../missions/mission-deps.ts'
import type { TickOutcome } from '../planning/types.ts'
import type { Clock } from '../process/clock.ts'
import { type EnqueueRequest, type RunQueue, runIds } from '../queue/runs.ts'
import type { ScheduleKey } from '../store/ticks/schedule-keys.ts'
import type { SchedulePage, ScheduleStore, UpsertAnswer, UpsertOptions } from '../store/ticks/schedule-store.ts'
import type { StoredSchedule } from '../store/ticks/stored-schedule.ts'
import { dayMs } from '../store/ticks/tick-codec.ts'
import type { TickRecord, TickStore } from '../store/ticks/tick-store.ts'
import { assertConditions, type WriteConditions } from '../store/write-conditions.ts'
import { missionScheduleId, type ScheduleDocument } from './document.ts'
import { checked, findFlow } from './flows.ts'
import { listSchedules, type ScheduleFilter } from './list-schedules.ts'
import { type PreviewOptions, previewSchedule, type SchedulePreview } from './preview.ts'
import { resolveSchedule } from './resolve.ts'

export interface ScheduleServiceDeps {
  readonly schedules: ScheduleStore
  readonly ticks: Pick<TickStore, 'counters' | 'list'>
  readonly queue: Pick<RunQueue, 'enqueue'>
  readonly clock: Clock
  readonly installed?: () => Promise<boolean>
}

export interface ScheduleStatus {
  /** Ticks by outcome since the schedule was made. */
  readonly counters: Readonly<Partial<Record<TickOutcome, number>>>
  readonly lastTick?: TickRecord
  /** Runs that failed one after the other. */
  readonly failures: number
}

export interface TriggerOptions {
  /** T; default: now. */
  readonly nominalMs?: number
  /** In place of the schedule's own. */
  readonly params?: Readonly<Record<string, unknown>>
}

/**
 * Schedules as the API offers them. Those of missions are there to look at: they are changed through their missions.
 * All of it throws REDIS_UNAVAILABLE while Redis is being filled, and NOT_FOUND also for another tenant's.
 */
export interface ScheduleService {
  /** @throws INVALID_PARAMS naming every field; CONFLICT. */
  put(tenant: string, document: ScheduleDocument, options: WriteConditions): Promise<UpsertAnswer>
  get(key: ScheduleKey): Promise<StoredSchedule>
  status(key: ScheduleKey): Promise<ScheduleStatus>
  list(tenant: string, filter: ScheduleFilter): Promise<SchedulePage>
  /** When it would be due, and beside what; nothing is stored. @throws INVALID_PARAMS as `put`. */
  preview(tenant: string, document: ScheduleDocument, options: PreviewOptions): Promise<SchedulePreview>
  remove(key: ScheduleKey, options: Pick<WriteConditions, 'ifGeneration'>): Promise<void>
  /** T's while it lasts end as `paused`. */
  pause(key: ScheduleKey, pause: { reason: string; actor: string; untilMs?: number }): Promise<StoredSchedule>
  resume(key: ScheduleKey): Promise<StoredSchedule>
  /** One run beside the schedule; the same T twice is one run. Resolves with its id. */
  trigger(key: ScheduleKey, options: TriggerOptions): Promise<string>
}

const triggerPriority = 1

export function createScheduleService(deps: ScheduleServiceDeps): ScheduleService {
  const { schedules, ticks, clock, queue } = deps

  async function get(key: ScheduleKey): Promise<StoredSchedule> {
    await assertInstalled(deps)
    const schedule = await schedules.get(key)
    if (!schedule) throw missing(key)
    return schedule
  }

  async function setPaused(key: ScheduleKey, pause: Parameters<ScheduleService['pause']>[1] | undefined) {
    assertOwn(await get(key))
    const schedule = await schedules.setPaused(key, pause && { ...pause, automatic: false }, clock.now())
    if (!schedule) throw missing(key)
    return schedule
  }

  return {
    get,
    pause: setPaused,

    async resume(key) {
      const schedule = await setPaused(key, undefined)
      await schedules.countFailure(key, false)
      return schedule
    },

    async put(tenant, document, options) {
      await assertInstalled(deps)
      const nowMs = clock.now()
      const entry = resolveSchedule(tenant, document, { nowMs })
      return schedules.upsertSchedule(entry, nowMs, { expect: expecting(document.id, options) })
    },

    async status(key) {
      const untilMs = clock.now()
      const [counters, failures, recent] = await Promise.all([
        ticks.counters(key),
        schedules.failures(key),
        ticks.list(key, { fromMs: untilMs - 2 * dayMs, untilMs }),
      ])
      const lastTick = recent.at(-1)
      return { counters, failures, ...(lastTick && { lastTick }) }
    },

    async list(tenant, filter) {
      await assertInstalled(deps)
      return listSchedules(schedules, { tenant, filter, nowMs: clock.now() })
    },

    async preview(tenant, document, options) {
      await assertInstalled(deps)
      return previewSchedule(deps, { tenant, document, ...options })
    },

    async remove(key, { ifGeneration }) {
      await assertInstalled(deps)
      const schedule = await schedules.get(key)
      if (schedule) assertOwn(schedule)
      // one that cannot be read goes as well, but a mission's, which is written anew from its mission
      const isMissions = !schedule && missionScheduleId.test(key.id)
      const answer = isMissions ? 'missing' : await schedules.removeSchedule(key, ifGeneration)
      if (answer === 'missing') throw missing(key)
      if (answer === 'conflict')
        throw new AppError('CONFLICT', `schedule "${key.id}" has another generation than ${ifGeneration}`)
    },

    async trigger(key, options) {
      const schedule = await get(key)
      const run = triggeredRun(schedule, options, clock.now())
      const [answer] = await queue.enqueue([run])
      return answer?.runId ?? run.job.runId
    },
  }
}

const missing = ({ id }: ScheduleKey) => new AppError('NOT_FOUND', `no schedule "${id}"`)

/** @throws CONFLICT for a schedule that belongs to a mission. */
export function assertOwn({ id, mission }: StoredSchedule): void {
  if (mission === '') return
  throw new AppError('CONFLICT', `schedule "${id}" belongs to mission "${mission}": change that`)
}

function expecting(id: string, conditions: WriteConditions): UpsertOptions['expect'] & {} {
  return (stored) => assertConditions(`schedule "${id}"`, stored, conditions)
}

function triggeredRun(schedule: StoredSchedule, { nominalMs, params }: TriggerOptions, nowMs: number): EnqueueRequest {
  assertOwn(schedule)
  const { tenant, id, flow, policy, own } = schedule
  const task = { flow: own?.flow ?? '', params: params ?? own?.params ?? {} }
  const known = findFlow(task.flow)
  if (known) checked(task, known.params)
  const atMs = nominalMs ?? nowMs
  return {
    job: {
      ...{ runId: runIds.trigger(tenant, id, atMs), kind: 'trigger', flow, tenant, mission: '', nominalMs: atMs },
      ...{ bandKey: '', enqueuedMs: nowMs, scheduleId: id, task, timeoutMs: policy.timeoutMs },
    },
    priority: triggerPriority,
    maxAttempts: policy.maxAttempts,
    backoffMs: policy.backoffMs,
  }
}
