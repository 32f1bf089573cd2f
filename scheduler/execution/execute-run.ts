import type { DetectResult } from '../../flows/contexts.ts'
import { AppError, toAppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import { type ExecuteRun, type RunJob, type RunSummary, waitsForShards } from '../queue/runs.ts'
import { executeDetect } from './execute-detect.ts'
import { type ExecutedForecast, executeForecast } from './execute-forecast.ts'
import { executeTask } from './execute-task.ts'
import type { Attempt, ExecutionDeps } from './ports.ts'

/**
 * What a worker does with a job. A mission that was deleted meanwhile is nothing to do, and said so.
 * @throws AppError; the worker decides by its code whether another attempt follows.
 */
export function executeRuns(deps: ExecutionDeps): ExecuteRun {
  const executeMission = (attempt: Attempt) => executeRun(deps, attempt)
  return (job, control) => {
    const attempt = { ...control, job }
    return job.task ? executeTask(deps, { ...attempt, task: job.task }, executeMission) : executeMission(attempt)
  }
}

async function executeRun(deps: ExecutionDeps, attempt: Attempt): ReturnType<ExecuteRun> {
  const { job } = attempt
  const name: MissionName = { tenant: job.tenant, mission: job.mission }
  const mission = await deps.mission(name)
  if (!mission) return { outcome: 'nothing', reason: 'the mission was deleted' }
  const health = healthOf(deps, job)
  try {
    if (job.flow === 'forecast') {
      const result = await executeForecast(deps, mission, attempt)
      if (result === waitsForShards) return waitsForShards
      await health(() => deps.health.recordSuccess(name, deps.now(), { flow: 'forecast', result }))
      return result ? forecastSummary(result) : { outcome: 'nothing', reason: 'no step is left for this run' }
    }
    const result = await executeDetect(deps, mission, attempt)
    await health(() => deps.health.recordSuccess(name, deps.now(), { flow: 'detect', result }))
    return result ? detectSummary(result) : { outcome: 'nothing', reason: 'every step is scored already' }
  } catch (error) {
    const failure = toAppError(error)
    // it says nothing of the mission
    if (isCancelled(attempt.signal)) throw failure
    await health(() => deps.health.recordFailure(name, job.flow, deps.now(), failure))
    throw failure
  }
}

/** By somebody, or because its worker stops. */
const isCancelled = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason instanceof AppError && reason.code === 'RUN_CANCELLED'

/** What is noted about a run never changes how it ended; backfills and shards say nothing of a mission's health. */
function healthOf({ onError }: ExecutionDeps, { kind }: RunJob) {
  return async (note: () => Promise<void>): Promise<void> => {
    if (kind === 'backfill' || kind === 'shard') return
    try {
      await note()
    } catch (error) {
      onError(toAppError(error))
    }
  }
}

function forecastSummary(result: ExecutedForecast): RunSummary {
  const failed = result.shards?.filter(({ error }) => error) ?? []
  return {
    read: result.read,
    forecast: result.forecast,
    ...(result.payload && { model: result.payload.model }),
    skipped: result.skipped.length,
    ...(result.fallback === undefined ? {} : { fallback: result.fallback }),
    ...(result.fallbackDetail === undefined ? {} : { fallbackDetail: result.fallbackDetail }),
    ...(result.covariates && { covariates: result.covariates }),
    samplesWritten: result.samplesWritten,
    samplesDropped: result.samplesDropped,
    publishedSteps: result.publishedSteps,
    seconds: result.seconds,
    ...(failed.length > 0 && { withoutForecast: failed.reduce((sum, { series }) => sum + series, 0) }),
    ...(result.shards && { shards: result.shards }),
  }
}

function detectSummary(result: DetectResult): RunSummary {
  return {
    read: result.read,
    scored: result.scored,
    states: result.states,
    missionScore: result.missionScore,
    anomalous: result.anomalous,
    requests: result.requests,
    newSeries: result.newSeries.length,
    samplesDropped: result.samplesDropped,
    seconds: result.seconds,
  }
}
