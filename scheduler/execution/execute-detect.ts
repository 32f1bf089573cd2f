import type { DetectResult } from '../../flows/contexts.ts'
import { detect } from '../../flows/detect.ts'
import { floorToStep, type StepRange, stepsIn } from '../../models/series.ts'
import type { Deps } from '../../tasks/deps.ts'
import { onlyGaps } from '../../tasks/publish/only-gaps.ts'
import { scoredAfterPauseMs } from '../missions/mission-edits.ts'
import type { DetectPlan } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { commitWindow } from './commit-window.ts'
import { enqueueForecasts, enqueueJoin, isAlive } from './enqueue-forecasts.ts'
import { passExcused } from './excused-steps.ts'
import { flowDeps } from './flow-deps.ts'
import { mayReadDrawnBand } from './may-read-drawn-band.ts'
import { detectWindow, planDetect } from './plan-detect.ts'
import type { Attempt, DetectRun, ExecutionDeps } from './ports.ts'
import { rangeText } from './range-text.ts'
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
  attempt.log?.('info', `scores ${rangeText(plan.window)}, by ${plan.payloads.length} kept forecasts`)
  const given = await detectDeps(run, plan)
  const result = await detect.run(given, resolved.detectParams, {
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
  await commitWindow(run, plan.window, result)
  return result
}

/** What a backfill that somebody asked for finds written stays as it is. */
async function detectDeps({ deps, resolved, attempt, name }: DetectRun, { window }: DetectPlan): Promise<Deps> {
  const given = await flowDeps(deps, resolved, { marks: deps.marks, signal: attempt.signal })
  if (attempt.job.backfill?.of === undefined) return given
  const { detectStepMs: stepMs } = resolved.detectParams
  return { ...given, writer: onlyGaps(given, { mission: name, steps: window, stepMs }) }
}

async function makePlan(run: DetectRun): Promise<DetectPlan> {
  const { attempt } = run
  const window = attempt.job.backfill?.window ?? (await dueWindow(run))
  const plan = await planWindow(run, window)
  // a backfill has no mark that could wait
  const detectPlan = attempt.job.kind === 'backfill' ? plan : await withAwaited(run, plan)
  await attempt.updateJob({ ...attempt.job, detectPlan })
  return detectPlan
}

async function planWindow({ deps, mission, resolved, name }: DetectRun, window: StepRange): Promise<DetectPlan> {
  const { forecastEras: eras, scopeKey } = mission
  const payloads = await deps.cache.list(name)
  return planDetect({ window, eras, scopeKey, payloads, stepMs: resolved.detectParams.stepMs })
}

async function withAwaited(run: DetectRun, plan: DetectPlan): Promise<DetectPlan> {
  const missing = ownersWithoutPayload(plan)
  const alive = new Set<number>()
  for (const T of missing) if (await isAlive(run.deps, run.mission, T)) alive.add(T)
  if (missing.length === 0) return plan
  // listed again after the runs were looked at: one that ended in between has kept its payload by now
  const latest = await planWindow(run, plan.window)
  const awaited = ownersWithoutPayload(latest).filter((T) => alive.has(T))
  return awaited.length > 0 ? { ...latest, awaited } : latest
}

function ownersWithoutPayload({ owners, payloads }: DetectPlan): number[] {
  const kept = new Set(payloads.filter(({ kind }) => kind === 'run').map(({ nominalMs }) => nominalMs))
  return owners.map(({ nominalMs }) => nominalMs).filter((T) => !kept.has(T))
}

async function dueWindow(run: DetectRun): Promise<StepRange> {
  const { deps, mission, resolved, attempt, name } = run
  const marks = await readMarks(deps, { mission, resolved, signal: attempt.signal })
  // a pause that is over by itself: what lies in it is no gap
  const resumedMs = scoredAfterPauseMs(mission, resolved, deps.now())
  if (resumedMs !== undefined) await deps.marks.moveScored(name, resumedMs)
  const { evalDelayMs, detectStepMs } = resolved.detectParams
  const { nominalMs } = attempt.job
  const scored = Math.max(marks.scoredUntilMs ?? mission.createdMs, resumedMs ?? 0)
  const endMs = floorToStep(nominalMs - evalDelayMs, detectStepMs)
  const scoredUntilMs = await passExcused(run, { fromMs: scored, untilMs: endMs })
  return detectWindow({ nominalMs, evalDelayMs, detectStepMs, maxExtendMs: resolved.maxExtendMs, scoredUntilMs })
}
