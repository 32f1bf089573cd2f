import { randomBytes } from 'node:crypto'
import type { ForecastContext, ForecastResult } from '../../flows/contexts.ts'
import { contextRange, forecast } from '../../flows/forecast.ts'
import type { StepRange } from '../../models/series.ts'
import type { PayloadMeta, PublishClaim, PublishGrant, PublishMarks } from '../../tasks/deps.ts'
import { noCalendars } from '../calendars/calendar-reader.ts'
import { effectWindows } from '../calendars/effects.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { earlierRun } from '../missions/first-runs.ts'
import { joinRange, ownedRange, ownersIn } from '../planning/timeline.ts'
import { type RunJob, runIds, type ShardReport, waitsForShards } from '../queue/runs.ts'
import { shardReports } from '../runs/shard-reports.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { seriesText } from '../terminal/series-text.ts'
import { flowDeps } from './flow-deps.ts'
import type { Attempt, ExecutionDeps } from './ports.ts'
import { rangeText } from './range-text.ts'
import { readMarks } from './read-marks.ts'
import { partName, type SplitForecast, splitForecast } from './split-forecast.ts'

/** Their number is in the summary. */
const loggedSkips = 20

const nothing: StepRange = { fromMs: 0, untilMs: 0 }

export interface ExecutedForecast extends ForecastResult {
  /** Of a run that was split. */
  readonly shards?: readonly ShardReport[]
}

/** A forecast run: tick, first, trigger, request, join, backfill or shard. Returns undefined when there is nothing left to do. */
export async function executeForecast(
  deps: ExecutionDeps,
  mission: StoredMission,
  attempt: Attempt,
): Promise<ExecutedForecast | typeof waitsForShards | undefined> {
  const { job } = attempt
  const resolved = deps.resolve(mission)
  const planned = await forecastContext(deps, mission, attempt)
  if (!planned) return undefined
  const earlier = earlierRun({ mission, resolved, nowMs: deps.now() }, job)
  if (earlier) await deps.queue.enqueue([earlier])
  const context = { ...planned, ...(await maskedWindows(deps, mission, resolved, job)) }
  // registration may not have known yet what the store takes
  const isBackfill = job.kind === 'backfill'
  const ageMs = deps.now() - context.owned.fromMs
  if (isBackfill && !(await deps.takesOldSamples(resolved.datasource, ageMs))) return undefined
  const { signal } = attempt
  const marks = publishMarks(deps, { mission, resolved, job, signal })
  const given = await flowDeps(deps, resolved, { marks, signal })
  const { owned } = context
  attempt.log?.('info', owned.fromMs < owned.untilMs ? `owns ${rangeText(owned)}` : 'owns no step')
  const split = await splitForecast({ deps, given, resolved, attempt, context })
  if (split === waitsForShards) return waitsForShards
  const params = { ...resolved.forecastParams, bandKey: job.bandKey }
  const result = await forecast.run(given, params, { ...context, ...(split?.parts && { parts: split.parts }) })
  for (const { labels, reason } of split ? [] : result.skipped.slice(0, loggedSkips))
    attempt.log?.('info', `skipped ${seriesText(labels)}: ${reason}`)
  const isFollowed = isBackfill && job.backfill?.of === undefined
  if (isFollowed && job.bandKey === mission.bandKey) await scoreBackfilled(deps, job, owned)
  return split ? { ...result, ...(await endSplit(deps, attempt, split)) } : result
}

/** Tells what became of the shards, and lets go of what they kept. */
async function endSplit(
  { cache, shards: settings }: ExecutionDeps,
  { log }: Attempt,
  { job, parts = [] }: SplitForecast,
): Promise<Pick<ExecutedForecast, 'shards' | 'fallback'>> {
  await Promise.all(parts.map(({ keptAs, meta }) => cache.retire(keptAs, meta)))
  const shards = settings ? await shardReports(settings.runs, job) : []
  for (const { runId, series, read, error } of shards) {
    if (error) log?.('warn', `shard ${runId} failed, ${series} series are left out: ${error.code}: ${error.message}`)
    else if (read !== undefined && read < series) log?.('warn', `shard ${runId} read ${read} of ${series} series`)
  }
  const { fallback } = shards.find((shard) => shard.fallback !== undefined) ?? {}
  return { shards, ...(fallback !== undefined && { fallback }) }
}

/** What calendars say of the history that is read. */
async function maskedWindows(
  { calendars = noCalendars }: ExecutionDeps,
  { tenant, document: { labels } }: StoredMission,
  { forecastParams }: ResolvedMission,
  { nominalMs }: RunJob,
): Promise<Pick<ForecastContext, 'masked'>> {
  const { fromMs, untilMs } = contextRange(forecastParams, nominalMs)
  const range = { fromMs: fromMs + 1, untilMs: untilMs + 1 }
  const matching = (await calendars.snapshot()).matching(tenant, labels)
  const windows = effectWindows(matching, { labels, effect: 'mask', range })
  return windows.length === 0
    ? {}
    : { masked: windows.map((window) => ({ startMs: window.fromMs, endMs: window.untilMs })) }
}

async function forecastContext(
  deps: ExecutionDeps,
  mission: StoredMission,
  { job, attempt }: Attempt,
): Promise<ForecastContext | undefined> {
  const { nominalMs } = job
  const common = {
    nominalMs,
    // tells this computation from another one of the same T, whose bytes may differ
    runNonce: `${job.runId}.${attempt}.${randomBytes(4).toString('hex')}`,
    runId: job.runId,
    ...(job.recompute ? { recompute: true } : {}),
    ...(job.bandKey === mission.bandKey ? {} : { publishOnly: true }),
  }
  if (job.kind !== 'join') {
    const { shard } = job
    const part = shard && { shard: { part: shard.part, keptAs: partName(job, shard) }, effect: 'keep' as const }
    return { ...common, ...part, kind: 'run', owned: ownedRange(mission.forecastEras, nominalMs) ?? nothing }
  }
  const owned = await joinedRange(deps, mission, job)
  return owned && { ...common, kind: 'join', owned, onlyIds: job.joinIds ?? [] }
}

/** A join's steps: from J to the first boundary after it, up to the first owner that has these series or is still at work. */
async function joinedRange(deps: ExecutionDeps, mission: StoredMission, job: RunJob): Promise<StepRange | undefined> {
  const whole = joinRange(mission.forecastEras, job.nominalMs)
  if (!whole) return undefined
  const payloads = await deps.cache.list(job)
  let untilMs = whole.fromMs
  for (const owner of ownersIn(mission.forecastEras, whole)) {
    const payload = payloads.find((kept) => isRunOf(kept, mission.bandKey, owner.nominalMs))
    if (!payload || (await hasAny(deps, job, payload))) break
    untilMs = Math.min(owner.owned.untilMs, whole.untilMs)
  }
  return untilMs > whole.fromMs ? { fromMs: whole.fromMs, untilMs } : undefined
}

const isRunOf = (payload: PayloadMeta, bandKey: string, nominalMs: number): boolean =>
  payload.kind === 'run' && payload.bandKey === bandKey && payload.nominalMs === nominalMs

async function hasAny(deps: ExecutionDeps, job: RunJob, payload: PayloadMeta): Promise<boolean> {
  const series = await deps.cache.series(job, payload)
  return job.joinIds?.some((id) => series?.rows.has(id)) ?? false
}

interface PublishRun {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
  readonly job: RunJob
  readonly signal: AbortSignal
}

/** An empty Redis reads its marks back first: a store that cannot be read means keep, don't publish. */
function publishMarks(deps: ExecutionDeps, { mission, resolved, job, signal }: PublishRun): PublishMarks {
  return {
    async claim(claim: PublishClaim): Promise<PublishGrant> {
      await readMarks(deps, { mission, resolved, signal })
      return job.kind === 'backfill' ? deps.marks.claimBefore(claim) : deps.marks.claim(claim)
    },
  }
}

/** Registration: every earlier T is forecast and then scored over the steps that it owns. */
async function scoreBackfilled(deps: ExecutionDeps, job: RunJob, window: StepRange): Promise<void> {
  const id = `${job.backfill?.id ?? job.mission}-score`
  await deps.queue.enqueue([
    {
      job: {
        ...job,
        flow: 'detect',
        runId: runIds.backfill(id, job.nominalMs),
        enqueuedMs: deps.now(),
        backfill: { id, window },
      },
      priority: 1_000,
    },
  ])
}
