import { floorToStep } from '../../models/series.ts'
import { ticksBetween } from '../planning/schedule-spec.ts'
import { ticksFromOwnerOfNow } from '../planning/timeline.ts'
import { type EnqueueRequest, type RunJob, runIds } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ResolvedMission } from './document/resolved.ts'

const firstPriority = 5
const backfillPriority = 1_000
/** First forecasts of a whole installation at once would be a storm on its stores. */
export const firstRunsSpreadMs = 10 * 60_000
/** More T's than this are no registration but a backfill of somebody's own. */
const maxRegistrationTicks = 100

interface RunInput {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
  readonly nowMs: number
}

/** Every T from the owner of now up to now, oldest first: registration, un-pause, edits, refill. */
export function firstRuns({ mission, resolved, nowMs }: RunInput, startAtMs?: number): EnqueueRequest[] {
  return ticksFromOwnerOfNow(mission.forecastEras, nowMs).map((nominalMs) => {
    const runId = runIds.first(mission.tenant, mission.id, nominalMs, mission.bandKey, mission.generation)
    const job = forecastJob({ mission, resolved, nowMs }, { runId, kind: 'first', nominalMs })
    return { job, priority: firstPriority, ...attempts(resolved), ...(startAtMs !== undefined && { startAtMs }) }
  })
}

/**
 * Registration backfill: forecasts of the T's before the owner of now, newest first, so that what is near to now is there
 * first; the run of each enqueues the detection over the steps it owns. Only the newest is enqueued here, each enqueues
 * the next (`earlierRun`): with thousands of missions at once, all of them would be most of what Redis holds.
 */
export function registrationRuns(input: RunInput, reachMs: number): EnqueueRequest[] {
  const { mission, resolved, nowMs } = input
  const id = `${mission.tenant}.${mission.id}.${mission.createdMs}`
  const [owner] = ticksFromOwnerOfNow(mission.forecastEras, nowMs)
  if (owner === undefined || reachMs <= 0) return []
  const sinceMs = nowMs - reachMs
  const nominalMs = tickBefore(mission, owner, sinceMs)
  if (nominalMs === undefined) return []
  const job = forecastJob(input, { runId: runIds.backfill(id, nominalMs), kind: 'backfill', nominalMs })
  const earlier = { sinceMs, left: maxRegistrationTicks - 1 }
  return [{ job: { ...job, backfill: { id, earlier } }, priority: backfillPriority, ...attempts(resolved) }]
}

/**
 * What a run of a registration enqueues as the first thing it does, so that its own failure does not end the others; its
 * id makes a repeat harmless. undefined: it is the last.
 */
export function earlierRun({ mission, resolved, nowMs }: RunInput, run: RunJob): EnqueueRequest | undefined {
  const { id, earlier } = run.backfill ?? {}
  if (id === undefined || !earlier || earlier.left <= 0) return undefined
  const nominalMs = tickBefore(mission, run.nominalMs, earlier.sinceMs)
  if (nominalMs === undefined) return undefined
  const backfill = { id, earlier: { ...earlier, left: earlier.left - 1 } }
  const job = { ...run, runId: runIds.backfill(id, nominalMs), nominalMs, enqueuedMs: nowMs, backfill }
  return { job, priority: backfillPriority, ...attempts(resolved) }
}

/** Of the oldest era: what lies before the registration has no other. */
function tickBefore({ forecastEras: [era] }: StoredMission, beforeMs: number, sinceMs: number): number | undefined {
  return era && ticksBetween(era.spec, { fromMs: sinceMs, untilMs: beforeMs - 1 }).at(-1)
}

/** A run that somebody asks for now: the T in force, or the present step for detection. */
export function triggeredRun(
  input: RunInput,
  flow: 'forecast' | 'detect',
  recompute: boolean,
): EnqueueRequest | undefined {
  const { mission, resolved, nowMs } = input
  const { detectStepMs } = resolved.detectParams
  const nominalMs =
    flow === 'detect' ? floorToStep(nowMs, detectStepMs) : ticksFromOwnerOfNow(mission.forecastEras, nowMs)[0]
  if (nominalMs === undefined) return undefined
  const runId = runIds.first(mission.tenant, mission.id, nominalMs, mission.bandKey, nowMs)
  const job = forecastJob(input, { runId, kind: 'trigger', nominalMs })
  const { timeoutMs } = flow === 'detect' ? resolved.detectPolicy : resolved.forecastPolicy
  return { job: { ...job, flow, timeoutMs, ...(recompute && { recompute }) }, priority: 1 }
}

function forecastJob(
  { mission, resolved, nowMs }: RunInput,
  { runId, kind, nominalMs }: Pick<RunJob, 'runId' | 'kind' | 'nominalMs'>,
): RunJob {
  return {
    ...{ runId, kind, nominalMs, flow: 'forecast', bandKey: mission.bandKey },
    ...{ tenant: mission.tenant, mission: mission.id, enqueuedMs: nowMs },
    timeoutMs: resolved.forecastPolicy.timeoutMs,
  }
}

const attempts = ({ forecastPolicy: { maxAttempts, backoffMs } }: ResolvedMission) => ({ maxAttempts, backoffMs })
