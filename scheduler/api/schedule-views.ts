import { z } from 'zod'
import { formatDuration } from '../../models/duration.ts'
import type { SchedulePolicy, ScheduleSpec } from '../planning/types.ts'
import { scheduleDocument } from '../schedules/document.ts'
import { scheduleStates, stateOf } from '../schedules/list-schedules.ts'
import type { StartLoad } from '../schedules/preview.ts'
import type { ScheduleStatus } from '../schedules/service.ts'
import type { NominalTime } from '../schedules/times.ts'
import type { StoredSchedule } from '../store/ticks/stored-schedule.ts'
import { tickOutcomes } from '../store/ticks/tick-codec.ts'
import { effectView, instant, optionalInstant, tickView, toInstant, viewEffect, viewTick } from './views.ts'

const boundsView = {
  start: instant.optional(),
  end: instant.optional(),
  exclude: z.array(z.object({ from: instant, to: instant })).optional(),
}

const specView = z
  .object({
    every: z.string().optional(),
    phase: z.string().optional(),
    cron: z.string().optional(),
    timeZone: z.string().optional(),
    dst: z.enum(['shift', 'skip']).optional(),
    at: z.array(instant).optional(),
    ...boundsView,
  })
  .meta({ id: 'ScheduleSpec' })

const policyView = z
  .object({
    overlap: z.enum(['skip', 'bufferLatest', 'allow']),
    catchUp: z.enum(['none', 'latest', 'all']),
    catchUpWindow: z.string(),
    maxCatchUpTicks: z.int(),
    startDeadline: z.string(),
    timeout: z.string(),
    maxAttempts: z.int(),
    backoff: z.string(),
    startSpread: z.string(),
    pauseAfterFailures: z.int().optional(),
  })
  .meta({ id: 'SchedulePolicy', description: 'With every default filled in' })

const statusView = z
  .object({
    failures: z.int().describe('Runs that failed one after the other'),
    counters: z.partialRecord(z.enum(tickOutcomes), z.int()).describe('Ticks by outcome since the schedule was made'),
    lastTick: tickView.optional(),
  })
  .meta({ id: 'ScheduleStatus' })

export const scheduleView = z
  .object({
    id: z.string(),
    flow: z.string(),
    mission: z.string().optional().describe('Whose schedule it is; such a one is changed through its mission'),
    generation: z.int().describe('Grows with every edit and pause; the ETag'),
    state: z.enum(scheduleStates),
    spec: specView,
    policy: policyView,
    document: scheduleDocument.optional().describe('As written'),
    pause: z
      .object({ reason: z.string(), actor: z.string().optional(), since: instant, until: instant.optional() })
      .optional(),
    nextAt: instant.optional().describe('The next T that is not decided yet'),
    startDelay: z.string().describe('Every start lies this far behind its T'),
    status: statusView.optional(),
  })
  .meta({ id: 'Schedule' })

export function viewSchedule(
  schedule: StoredSchedule,
  nowMs: number,
  status?: ScheduleStatus,
): z.output<typeof scheduleView> {
  const { id, mission, flow, own, generation, pause, dueMs, spreadMs, spec, policy } = schedule
  return {
    ...{ id, flow: own?.flow ?? flow, ...(mission !== '' && { mission }), generation, state: stateOf(schedule, nowMs) },
    ...{ spec: viewSpec(spec), policy: viewPolicy(policy), ...(own && { document: own }) },
    ...(pause && stateOf(schedule, nowMs) === 'paused' && { pause: viewPause(pause) }),
    ...(dueMs !== undefined && { nextAt: toInstant(dueMs - spreadMs) }),
    startDelay: formatDuration(spreadMs),
    ...(status && { status: viewScheduleStatus(status) }),
  }
}

function viewPause({ reason, actor, sinceMs, untilMs }: NonNullable<StoredSchedule['pause']>) {
  return {
    ...{ reason, ...(actor !== undefined && { actor }), since: toInstant(sinceMs) },
    ...optionalInstant('until', untilMs),
  }
}

function viewSpec(spec: ScheduleSpec): z.output<typeof specView> {
  const { startMs, endMs, exclude } = spec
  return {
    ...viewSpecTimes(spec),
    ...optionalInstant('start', startMs),
    ...optionalInstant('end', endMs),
    ...(exclude && {
      exclude: exclude.map(({ fromMs, untilMs }) => ({ from: toInstant(fromMs), to: toInstant(untilMs) })),
    }),
  }
}

function viewSpecTimes(spec: ScheduleSpec): z.output<typeof specView> {
  if (spec.kind === 'at') return { at: spec.atMs.map(toInstant) }
  if (spec.kind === 'every') return { every: formatDuration(spec.everyMs), phase: formatDuration(spec.phaseMs) }
  return { cron: spec.cron, timeZone: spec.timeZone, ...(spec.dst && { dst: spec.dst }) }
}

function viewPolicy(policy: SchedulePolicy): z.output<typeof policyView> {
  const { overlap, catchUp, maxCatchUpTicks, maxAttempts, pauseAfterFailures } = policy
  return {
    ...{ overlap, catchUp, maxCatchUpTicks, maxAttempts },
    catchUpWindow: formatDuration(policy.catchUpWindowMs),
    startDeadline: formatDuration(policy.startDeadlineMs),
    timeout: formatDuration(policy.timeoutMs),
    backoff: formatDuration(policy.backoffMs),
    startSpread: formatDuration(policy.startSpreadMs),
    ...(pauseAfterFailures !== undefined && { pauseAfterFailures }),
  }
}

function viewScheduleStatus({ failures, counters, lastTick }: ScheduleStatus): z.output<typeof statusView> {
  return { failures, counters, ...(lastTick && { lastTick: viewTick(lastTick) }) }
}

export const timeView = z
  .object({
    nominal: instant.describe('T'),
    clocks: z
      .enum(['shifted', 'repeated'])
      .optional()
      .describe('shifted: the clocks leave its time of the day out. repeated: they are there for the second time'),
    calendars: z.array(effectView).optional().describe('Calendars whose windows it lies in; noRun: it will not run'),
  })
  .meta({ id: 'NominalTime' })

export function viewTime({ nominalMs, clocks, calendars }: NominalTime): z.output<typeof timeView> {
  return {
    ...{ nominal: toInstant(nominalMs), ...(clocks && { clocks }) },
    ...(calendars && { calendars: calendars.map(viewEffect) }),
  }
}

export const loadView = z
  .object({
    from: instant,
    registered: z.array(z.int()).describe('Starts of your registered schedules in each second from then on'),
    own: z.array(z.int()).describe('Starts of this one'),
    isPartial: z.boolean().describe('Too many starts: not every registered schedule was counted'),
  })
  .meta({ id: 'StartLoad' })

export function viewLoad({ fromMs, registered, own, isPartial }: StartLoad): z.output<typeof loadView> {
  return { from: toInstant(fromMs), registered: [...registered], own: [...own], isPartial }
}
