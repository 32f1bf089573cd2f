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

/** T's before the owner of now, newest first, so that what is near to now is there first. */
export function registrationTicks(mission: StoredMission, nowMs: number, reachMs: number): number[] {
  const [owner] = ticksFromOwnerOfNow(mission.forecastEras, nowMs)
  const era = mission.forecastEras.at(-1)
  if (owner === undefined || !era || reachMs <= 0) return []
  return ticksBetween(era.spec, { fromMs: nowMs - reachMs, untilMs: owner - 1 })
    .slice(-maxRegistrationTicks)
    .reverse()
}

/** Registration backfill: forecasts of earlier T's; the run of each enqueues the detection over the steps it owns. */
export function registrationRuns(input: RunInput, reachMs: number): EnqueueRequest[] {
  const { mission, resolved, nowMs } = input
  const id = `${mission.tenant}.${mission.id}.${mission.createdMs}`
  return registrationTicks(mission, nowMs, reachMs).map((nominalMs) => {
    const job = forecastJob(input, { runId: runIds.backfill(id, nominalMs), kind: 'backfill', nominalMs })
    return { job: { ...job, backfill: { id } }, priority: backfillPriority, ...attempts(resolved) }
  })
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
