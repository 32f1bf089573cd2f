import { cronProblem } from '../../models/cron.ts'
import { parseDuration } from '../../models/duration.ts'
import { didYouMean } from '../config/did-you-mean.ts'
import { invalidDocument } from '../missions/document/invalid-document.ts'
import { schedulePolicy } from '../missions/document/policies.ts'
import type { Problem } from '../missions/document/resolved.ts'
import { shortestCronGapMs } from '../planning/cron-gap.ts'
import { nextTick, phaseMs } from '../planning/schedule-spec.ts'
import type { ScheduleBounds, SchedulePolicy, ScheduleSpec, ScheduleTimes } from '../planning/types.ts'
import type { FlowName } from '../queue/runs.ts'
import type { ScheduleEntry } from '../store/ticks/stored-schedule.ts'
import { missionScheduleId, type ScheduleDocument } from './document.ts'
import { findFlow, readTask, type ScheduledFlow, scheduledFlows } from './flows.ts'

const secondMs = 1_000
const hourMs = 3_600_000
const longestEveryMs = 366 * 24 * hourMs

interface ResolveOptions {
  readonly nowMs: number
  /** One that was taken once and has no T left. */
  readonly mayBeOver?: boolean
}

/** A schedule with nothing left to find out. @throws INVALID_PARAMS naming every field that does not fit, all at once. */
export function resolveSchedule(
  tenant: string,
  document: ScheduleDocument,
  { nowMs, mayBeOver = false }: ResolveOptions,
): ScheduleEntry {
  const flow = findFlow(document.flow)
  const problems = [...idProblems(document), ...flowProblems(document, flow), ...specProblems(document)]
  if (!flow || problems.length > 0) throw invalidDocument(`schedule ${document.id}`, problems)
  const { id } = document
  const spec = specOf(tenant, document)
  const never = neverDue(spec, nowMs)
  if (never && !mayBeOver) throw invalidDocument(`schedule ${document.id}`, [never])
  return {
    tenant,
    id,
    mission: '',
    flow: flow.pool,
    spec,
    policy: policyOf(document, spec, flow.pool),
    bandKey: '',
    own: document,
  }
}

function idProblems({ id }: ScheduleDocument): Problem[] {
  const [, mission] = missionScheduleId.exec(id) ?? []
  if (mission === undefined) return []
  return [{ pointer: '/id', detail: `"${id}" is the name of a schedule of mission "${mission}": choose another` }]
}

function flowProblems(
  { flow: name, params = {} }: ScheduleDocument,
  flow: ScheduledFlow | undefined,
): readonly Problem[] {
  if (!flow) {
    const names = scheduledFlows.map((known) => known.name)
    return [{ pointer: '/flow', detail: `no flow "${name}": use ${names.join(', ')}${didYouMean(name, names)}` }]
  }
  return readTask({ params }, flow.params).problems
}

function specProblems({ spec }: ScheduleDocument): Problem[] {
  const problems: Problem[] = []
  const add = (field: string, detail: string) => problems.push({ pointer: `/spec/${field}`, detail })
  const { every, phase, start, end, exclude = [] } = spec
  if (every !== undefined) {
    const everyMs = parseDuration(every)
    if (everyMs < secondMs || everyMs % secondMs !== 0) add('every', 'use whole seconds, at least 1s')
    if (everyMs > longestEveryMs) add('every', 'at most 366d')
    if (phase !== undefined && parseDuration(phase) >= everyMs) add('phase', `${phase} is not below the interval`)
  }
  if (start !== undefined && end !== undefined && Date.parse(end) < Date.parse(start)) add('end', 'lies before start')
  for (const [i, { from, to }] of exclude.entries())
    if (Date.parse(from) >= Date.parse(to)) add(`exclude/${i}/to`, 'does not lie after from')
  return problems
}

/** The first T from now on, found as the planner will find it: what never comes is refused when it is written. */
function neverDue(spec: ScheduleSpec, nowMs: number): Problem | undefined {
  if (spec.kind === 'cron') {
    const detail = cronProblem(spec, nowMs)
    if (detail !== undefined) return { pointer: '/spec/cron', detail }
  }
  if (nextTick(spec, nowMs) !== undefined) return undefined
  return { pointer: '/spec', detail: 'it is never due again' }
}

function specOf(tenant: string, { id, spec }: ScheduleDocument): ScheduleSpec {
  const { start, end, exclude } = spec
  const bounds: ScheduleBounds = {
    ...(start !== undefined && { startMs: Date.parse(start) }),
    ...(end !== undefined && { endMs: Date.parse(end) }),
    ...(exclude && { exclude: exclude.map(({ from, to }) => ({ fromMs: Date.parse(from), untilMs: Date.parse(to) })) }),
  }
  return { ...timesOf(tenant, id, spec), ...bounds }
}

function timesOf(tenant: string, id: string, spec: ScheduleDocument['spec']): ScheduleTimes {
  const { every, phase, cron, timeZone = 'UTC', dst, at = [] } = spec
  if (cron !== undefined) return { kind: 'cron', cron, timeZone, ...(dst && { dst }) }
  if (every === undefined)
    return { kind: 'at', atMs: [...new Set(at.map((text) => Date.parse(text)))].sort((a, b) => a - b) }
  const everyMs = parseDuration(every)
  const ownPhase = () => phaseMs({ id: `${tenant}/${id}`, everyMs, stepMs: secondMs })
  return { kind: 'every', everyMs, phaseMs: phase === undefined ? ownPhase() : parseDuration(phase) }
}

function policyOf({ policy = {} }: ScheduleDocument, spec: ScheduleSpec, pool: FlowName): SchedulePolicy {
  const { backoff, startSpread, catchUp, maxCatchUpTicks = 100, pauseAfterFailures } = policy
  const base = schedulePolicy(pool, shortestGapMs(spec), policy)
  return {
    ...base,
    maxCatchUpTicks,
    ...(catchUp && { catchUp }),
    ...(backoff !== undefined && { backoffMs: parseDuration(backoff) }),
    ...(startSpread !== undefined && { startSpreadMs: parseDuration(startSpread) }),
    ...(pauseAfterFailures !== undefined && { pauseAfterFailures }),
  }
}

/** What lists leave between two instants tells nothing of a next one. */
function shortestGapMs(spec: ScheduleSpec): number {
  if (spec.kind === 'every') return spec.everyMs
  return spec.kind === 'cron' ? (shortestCronGapMs(spec, 0) ?? hourMs) : hourMs
}
