import type { DetectResult } from '../../flows/contexts.ts'
import { detect } from '../../flows/detect.ts'
import { type MissionName, type StepRange, stepsIn } from '../../models/series.ts'
import type { Deps } from '../../tasks/deps.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { scoredAfterPauseMs } from '../missions/mission-edits.ts'
import { longestGapMs } from '../planning/schedule-spec.ts'
import { type DetectPlan, type EnqueueRequest, type RunJob, runIds } from '../queue/runs.ts'
import type { StoredMission } from '../store/types.ts'
import { enqueueForecasts, enqueueJoin, isAlive } from './enqueue-forecasts.ts'
import { detectWindow, planDetect } from './plan-detect.ts'
import type { Attempt, ExecutionDeps } from './ports.ts'
import { readMarks } from './read-marks.ts'

/** A detect run. Returns undefined when every step up to E has been scored already. */
export async function executeDetect(
  deps: ExecutionDeps,
  mission: StoredMission,
  attempt: Attempt,
): Promise<DetectResult | undefined> {
  const resolved = deps.resolve(mission)
  const run: DetectRun = { deps, mission, resolved, attempt, name: { tenant: mission.tenant, mission: mission.id } }
  const isOutdated = attempt.job.bandKey !== mission.bandKey
  // what a backfill was made for is another band's business now
  if (isOutdated && attempt.job.kind === 'backfill') return undefined
  const plan = (isOutdated ? undefined : attempt.job.detectPlan) ?? (await makePlan(run))
  if (plan.window.fromMs >= plan.window.untilMs) return undefined
  const result = await detect.run(await flowDeps(run), resolved.detectParams, {
    nominalMs: attempt.job.nominalMs,
    window: plan.window,
    owners: plan.owners,
    payloads: plan.payloads,
    awaited: plan.awaited ?? [],
    storeFallback: mayReadDrawnBand(mission, resolved, plan.window),
  })
  // backfills move no mark and ask for nothing
  if (attempt.job.kind === 'backfill') {
    if (result.noBand) deps.unscored(stepsIn(plan.window, resolved.detectParams.detectStepMs).length)
    return result
  }
  await enqueueForecasts(deps, { mission, nominalMs: result.requests })
  await enqueueJoin(deps, { mission, resolved, newIds: result.newSeries.map(({ id }) => id) })
  await commit(run, plan, result)
  return result
}

interface DetectRun {
  readonly deps: ExecutionDeps
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
  readonly attempt: Attempt
  readonly name: MissionName
}

async function makePlan(run: DetectRun): Promise<DetectPlan> {
  const { deps, mission, resolved, attempt } = run
  const { detectParams } = resolved
  const window = attempt.job.backfill?.window ?? (await dueWindow(run))
  const plan = planDetect({
    window,
    eras: mission.forecastEras,
    stepMs: detectParams.stepMs,
    payloads: await deps.cache.list(run.name),
    scopeKey: mission.scopeKey,
  })
  // a backfill has no mark that could wait
  const awaited = attempt.job.kind === 'backfill' ? [] : await awaitedRuns(run, plan)
  const detectPlan = awaited.length > 0 ? { ...plan, awaited } : plan
  await attempt.updateJob({ ...attempt.job, detectPlan })
  return detectPlan
}

async function awaitedRuns({ deps, mission }: DetectRun, { owners, payloads }: DetectPlan): Promise<number[]> {
  const awaited: number[] = []
  for (const { nominalMs } of owners) {
    const isKept = payloads.some((payload) => payload.kind === 'run' && payload.nominalMs === nominalMs)
    if (!isKept && (await isAlive(deps, mission, nominalMs))) awaited.push(nominalMs)
  }
  return awaited
}

async function dueWindow({ deps, mission, resolved, attempt, name }: DetectRun): Promise<StepRange> {
  const marks = await readMarks(deps, { mission, resolved, signal: attempt.signal })
  // a pause that is over by itself: what lies in it is no gap
  const resumedMs = scoredAfterPauseMs(mission, resolved, deps.now())
  if (resumedMs !== undefined) await deps.marks.moveScored(name, resumedMs)
  return detectWindow({
    nominalMs: attempt.job.nominalMs,
    evalDelayMs: resolved.detectParams.evalDelayMs,
    detectStepMs: resolved.detectParams.detectStepMs,
    maxExtendMs: resolved.maxExtendMs,
    scoredUntilMs: Math.max(marks.scoredUntilMs ?? mission.createdMs, resumedMs ?? 0),
  })
}

async function flowDeps({ deps, resolved, attempt }: DetectRun): Promise<Deps> {
  return {
    ...(await deps.datasource(resolved.datasource)),
    cache: deps.cache,
    forecasters: deps.forecasters,
    metrics: deps.metrics,
    marks: deps.marks,
    signal: attempt.signal,
  }
}

/**
 * The band in the store may be of an older query, or of an older mission of the same id: only steps that the present
 * one must have drawn are read back. Its band begins at the old one's end, at most a gap and a lead after the change.
 */
export function mayReadDrawnBand(mission: StoredMission, resolved: ResolvedMission, window: StepRange): boolean {
  const era = mission.forecastEras.at(-1)
  if (!era) return false
  const settledMs = mission.scopeSinceMs + longestGapMs(era.spec, mission.scopeSinceMs) + era.leadMs
  return window.fromMs - resolved.detectParams.stepMs >= settledMs
}

/**
 * Moves the mark to the end of the window. It waits while no band reaches the window and one was asked for. What falls
 * out of reach, then or in an outage, is noted in the same step and becomes a backfill.
 */
async function commit(run: DetectRun, { window }: DetectPlan, result: DetectResult): Promise<void> {
  const { deps, name } = run
  const marks = await deps.marks.get(name)
  const scoredUntilMs = marks?.scoredUntilMs ?? window.fromMs
  const waits = result.noBand && result.requests.length > 0
  const leftOut = scoredUntilMs < window.fromMs ? { fromMs: scoredUntilMs, untilMs: window.fromMs } : undefined
  await deps.marks.moveScored(name, waits ? window.fromMs : window.untilMs, leftOut)
  // with those of a worker that was killed right here
  for (const gap of [...(marks?.gaps ?? []), ...(leftOut ? [leftOut] : [])]) await backfillGap(run, gap)
}

/** What an outage left out of reach is scored later, at low priority, where the store takes samples that old. */
async function backfillGap({ deps, mission, resolved, name }: DetectRun, gap: StepRange): Promise<void> {
  const { writer } = await deps.datasource(resolved.datasource)
  const { evalDelayMs, detectStepMs } = resolved.detectParams
  if (writer.futureWrites) await deps.queue.enqueue(chunksOf(gap, resolved.maxExtendMs).map(gapRun))
  else deps.unscored(Math.round((gap.untilMs - gap.fromMs) / detectStepMs))
  await deps.marks.closeGap(name, gap)

  function gapRun(window: StepRange): EnqueueRequest {
    const id = `${mission.tenant}.${mission.id}.gap-${gap.fromMs}`
    const runId = runIds.backfill(id, window.untilMs)
    const nominalMs = window.untilMs + evalDelayMs
    const { bandKey } = mission
    const enqueuedMs = deps.now()
    const job: RunJob = { ...name, runId, flow: 'detect', kind: 'backfill', nominalMs, bandKey, enqueuedMs }
    return { job: { ...job, backfill: { id, window } }, priority: 1_000 }
  }
}

function chunksOf({ fromMs, untilMs }: StepRange, longestMs: number): StepRange[] {
  const chunks: StepRange[] = []
  for (let from = fromMs; from < untilMs; from += longestMs) {
    chunks.push({ fromMs: from, untilMs: Math.min(untilMs, from + longestMs) })
  }
  return chunks
}
