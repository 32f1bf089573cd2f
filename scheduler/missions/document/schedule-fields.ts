import { cronProblem, isTimeZone } from '../../../models/cron.ts'
import { parseDuration } from '../../../models/duration.ts'
import { shortestCronGapMs } from '../../planning/cron-gap.ts'
import { phaseMs } from '../../planning/schedule-spec.ts'
import type { ScheduleSpec } from '../../planning/types.ts'
import type { FlowName } from '../../queue/runs.ts'
import type { MissionDocument } from './document.ts'
import type { Problem } from './resolved.ts'

export type DocumentSchedule = NonNullable<MissionDocument['forecast']>

const defaultEveryMs: Readonly<Record<FlowName, number>> = { forecast: 3_600_000, detect: 60_000 }

function everyOf(flow: FlowName, { every }: DocumentSchedule): number {
  return every === undefined ? defaultEveryMs[flow] : parseDuration(every)
}

const cronOf = ({ cron, timeZone = 'UTC' }: DocumentSchedule) => cron !== undefined && { cron, timeZone }

/** What is wrong with a schedule on its own. `nowMs`: a cron expression must be due after it. */
export function scheduleProblems(flow: FlowName, schedule: DocumentSchedule = {}, nowMs: number): Problem[] {
  const cron = cronOf(schedule)
  if (cron) {
    if (!isTimeZone(cron.timeZone))
      return [{ pointer: `/${flow}/timeZone`, detail: `"${cron.timeZone}" is no IANA time zone` }]
    const detail = cronProblem(cron, nowMs)
    return detail === undefined ? [] : [{ pointer: `/${flow}/cron`, detail }]
  }
  const everyMs = everyOf(flow, schedule)
  const problems: Problem[] = []
  if (everyMs < 1_000 || everyMs % 1_000 !== 0) {
    problems.push({ pointer: `/${flow}/every`, detail: 'use whole seconds, at least 1s' })
  }
  if (schedule.phase !== undefined && parseDuration(schedule.phase) >= everyMs) {
    problems.push({ pointer: `/${flow}/phase`, detail: `${schedule.phase} is not below the interval` })
  }
  return problems
}

/** Shortest distance of two T's. */
export function shortestGapMs(flow: FlowName, schedule: DocumentSchedule = {}, fromMs: number): number {
  const cron = cronOf(schedule)
  return cron ? (shortestCronGapMs(cron, fromMs) ?? defaultEveryMs[flow]) : everyOf(flow, schedule)
}

export interface SpecInput {
  readonly flow: FlowName
  readonly tenant: string
  readonly mission: string
  readonly schedule: DocumentSchedule | undefined
  /** The flow's grid: a phase of ours is a multiple of it. */
  readonly stepMs: number
}

export function scheduleSpec({ flow, tenant, mission, schedule = {}, stepMs }: SpecInput): ScheduleSpec {
  const cron = cronOf(schedule)
  if (cron) return { kind: 'cron', ...cron }
  const everyMs = everyOf(flow, schedule)
  const id = `${tenant}/${mission}.${flow}`
  const phase = schedule.phase === undefined ? phaseMs({ id, everyMs, stepMs }) : parseDuration(schedule.phase)
  return { kind: 'every', everyMs, phaseMs: phase }
}
