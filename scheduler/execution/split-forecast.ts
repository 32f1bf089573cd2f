import type { ForecastContext } from '../../flows/contexts.ts'
import { contextRange, hasToForecast } from '../../flows/forecast.ts'
import { AppError, isErrorCode } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { Deps } from '../../tasks/deps.ts'
import { findShards } from '../../tasks/shards/find-shards.ts'
import { findPart, type KeptPart } from '../../tasks/shards/join-parts.ts'
import type { Shard } from '../../tasks/shards/plan-shards.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import {
  type EnqueueRequest,
  type RunJob,
  type RunQueue,
  type RunState,
  runIds,
  waitsForShards,
} from '../queue/runs.ts'
import { shardReports } from '../runs/shard-reports.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { Attempt, ExecutionDeps } from './ports.ts'

export interface ForecastToSplit {
  readonly deps: ExecutionDeps
  readonly given: Deps
  readonly resolved: ResolvedMission
  readonly attempt: Attempt
  readonly context: ForecastContext
}

/** A run that was split, and what its shards have kept; parts are absent where the run has them joined already. */
export interface SplitForecast {
  readonly job: RunJob
  readonly parts?: readonly KeptPart[]
}

/**
 * Splits the forecast of a large panel into shards that any worker of the pool takes, and finds what they made once all of
 * them have ended. The plan stays in the job. undefined: one run does it all.
 * @throws the error of a shard where none has made anything.
 */
export async function splitForecast(run: ForecastToSplit): Promise<SplitForecast | typeof waitsForShards | undefined> {
  const { attempt, context, given, resolved } = run
  const { job } = attempt
  if (!run.deps.shards || context.kind === 'join' || job.kind === 'shard') return undefined
  const params = { ...resolved.forecastParams, bandKey: job.bandKey }
  if (!(await hasToForecast({ deps: given, params, context }))) return job.shards && { job }
  const shards = job.shards ?? (await planned(run, run.deps.shards.above))
  if (!shards) return undefined
  const split = { ...job, shards }
  const found = await Promise.all(shards.map((shard, number) => findShard(run, split, { ...shard, number })))
  const unknown = found.filter(({ part, state }) => !part && state === undefined)
  if (unknown.length > 0) await run.deps.queue.enqueue(unknown.map(({ request }) => request))
  if (unknown.length > 0 || found.some(({ state }) => isAlive(state))) return waitsForShards
  const parts = found.flatMap(({ part }) => part ?? [])
  if (parts.length === 0) throw await failureOf(run.deps.shards.runs, split)
  return { job: split, parts }
}

async function planned({ given, resolved, attempt, context }: ForecastToSplit, above: number) {
  const { query, stepMs, maxSeries, allowOutputs, groupBy } = resolved.forecastParams
  const { untilMs } = contextRange(resolved.forecastParams, context.nominalMs)
  const shards = await findShards(given, { query, stepMs, maxSeries, allowOutputs, untilMs, groupBy, above })
  if (!shards) return undefined
  const { job } = attempt
  await attempt.updateJob({ ...job, shards })
  const count = shards.reduce((sum, { series }) => sum + series, 0)
  attempt.log?.('info', `${count} series are split into ${shards.length} shards`)
  return shards
}

interface FoundShard {
  readonly part: KeptPart | undefined
  readonly state: RunState | undefined
  readonly request: EnqueueRequest
}

async function findShard(
  { deps }: ForecastToSplit,
  job: RunJob,
  { number, part }: Shard & { readonly number: number },
): Promise<FoundShard> {
  const request = shardRequest(job, { of: job.runId, number, part }, deps.now())
  const [kept, state] = await Promise.all([
    findPart(deps.cache, partName(job, { of: job.runId, number }), job),
    deps.queue.state('forecast', request.job.runId),
  ])
  return { part: kept, state, request }
}

/** Missions have no '/' in their names. */
export const partName = (
  { tenant, mission }: MissionName,
  { of, number }: Pick<NonNullable<RunJob['shard']>, 'of' | 'number'>,
): MissionName => ({ tenant, mission: `${mission}/${runIds.shard(of, number)}` })

function shardRequest(job: RunJob, shard: NonNullable<RunJob['shard']>, enqueuedMs: number): EnqueueRequest {
  const { tenant, mission, nominalMs, bandKey, timeoutMs, retriedAfter, kind, backfill } = job
  // what is begun goes before ticks, and stays behind them where it is a backfill
  const priority = kind !== 'backfill' ? 5 : backfill?.of === undefined ? 1_000 : 2_000
  const runId = runIds.shard(shard.of, shard.number, retriedAfter)
  return {
    job: {
      ...{ runId, kind: 'shard', flow: 'forecast', tenant, mission, nominalMs, bandKey, enqueuedMs, shard },
      ...(timeoutMs !== undefined && { timeoutMs }),
    },
    priority,
  }
}

const isAlive = (state: RunState | undefined): boolean =>
  state === 'waiting' || state === 'delayed' || state === 'active'

/** Whether a run has to wait for its shards. */
export const hasLiveShards =
  (queue: Pick<RunQueue, 'state'>) =>
  async ({ runId, shards = [], retriedAfter }: RunJob): Promise<boolean> => {
    const ids = shards.map((_, number) => runIds.shard(runId, number, retriedAfter))
    const states = await Promise.all(ids.map((id) => queue.state('forecast', id)))
    return states.some(isAlive)
  }

async function failureOf(runs: Pick<RunStore, 'get'>, job: RunJob): Promise<AppError> {
  const error = (await shardReports(runs, job)).find((shard) => shard.error)?.error
  if (error && isErrorCode(error.code))
    return new AppError(error.code, `every shard failed, as one with ${error.message}`)
  return new AppError('WORKER_LOST', `run ${job.runId}: nothing of what its shards made is left`)
}
