import { randomBytes } from 'node:crypto'
import type { DetectResult, ForecastResult } from '../../flows/contexts.ts'
import { detect } from '../../flows/detect.ts'
import { contextRange, forecast } from '../../flows/forecast.ts'
import { AppError } from '../../models/errors.ts'
import { defaultTenant, floorToStep, type StepRange } from '../../models/series.ts'
import { memoryForecastCache } from '../../tasks/cache/memory-forecast-cache.ts'
import type { Deps, PublishMarks, SeriesReader } from '../../tasks/deps.ts'
import { countFinite } from '../../tasks/panel/eligible-series.ts'
import { identifyPanel } from '../../tasks/panel/identify-panel.ts'
import { outputSelector } from '../../tasks/panel/output-selector.ts'
import { readPanel } from '../../tasks/panel/read-panel.ts'
import type { ScoredRow } from '../../tasks/score/judge-panel.ts'
import type { Config } from '../config.ts'
import { futureWritesInMemory, openDatasources } from '../datasources/datasources.ts'
import type { MissionDocument } from '../missions/document/document.ts'
import { resolveMission } from '../missions/document/resolve.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { openLocalModels } from '../model-store/local-models.ts'
import { previousTick } from '../planning/schedule-spec.ts'
import { firstEra, ownedRange } from '../planning/timeline.ts'
import { createMetrics } from '../process/metrics.ts'
import { taskMetrics } from '../process/task-metrics.ts'
import type { FlowName } from '../queue/runs.ts'
import { type ForecastRow, forecastRows, recordingReader } from './forecast-rows.ts'
import { planDetect } from './plan-detect.ts'
import { newestTimestamp } from './read-marks.ts'

export interface RunOnceRequest {
  /** Needs a datasource; forecasts are kept in memory. */
  readonly config: Config
  readonly document: MissionDocument
  readonly flow: FlowName
  /** T; default: the one in force. */
  readonly atMs?: number
  /** Writes nothing. */
  readonly dryRun: boolean
  readonly signal: AbortSignal
}

export type RunOnceResult =
  | {
      readonly flow: 'forecast'
      readonly nominalMs: number
      readonly result: ForecastResult
      readonly rows: readonly ForecastRow[]
    }
  | {
      readonly flow: 'detect'
      readonly nominalMs: number
      readonly result: DetectResult
      /** Why the fall-back made a forecast that was scored with. */
      readonly fallback?: string
      /** Values that a series needs to be forecast. */
      readonly minPoints: number
    }

interface Once {
  readonly deps: Deps
  readonly resolved: ResolvedMission
  readonly atMs: number
  readonly dryRun: boolean
}

/** One run in this process, without a scheduler: the flow, the query and the store are the real ones. */
export async function runOnce(request: RunOnceRequest): Promise<RunOnceResult> {
  const { config, document, flow, dryRun, signal } = request
  const nowMs = Date.now()
  const metrics = createMetrics()
  const datasources = openDatasources({ config, metrics, now: Date.now, memory: futureWritesInMemory() })
  const models = openLocalModels(config)
  const { catalog, forecasters } = models
  try {
    const settings = {
      datasource: datasources.find,
      defaults: config.defaults,
      models: forecasters.names,
      modelProblem: catalog.problem,
      takesCovariates: catalog.takesCovariates,
    }
    const resolved = resolveMission({ tenant: defaultTenant, document, createdMs: nowMs }, settings, nowMs)
    const { reader, writer } = await datasources.open(defaultTenant, resolved.datasource)
    const marks = marksOfStore(reader, nowMs, signal)
    const deps = {
      reader,
      writer,
      marks,
      forecasters,
      signal,
      cache: memoryForecastCache(),
      metrics: taskMetrics(metrics),
    }
    const once: Once = { deps, resolved, atMs: request.atMs ?? nowMs, dryRun }
    return flow === 'forecast' ? await forecastOnce(once) : await detectOnce(once)
  } finally {
    await models.close()
    await datasources.close()
  }
}

async function forecastOnce({ deps, resolved, atMs, dryRun }: Once): Promise<RunOnceResult> {
  const nominalMs = tickAt(resolved, atMs)
  const reader = recordingReader(deps.reader)
  const result = await forecastAt(
    { deps: { ...deps, reader }, resolved },
    nominalMs,
    // kept in memory only
    dryRun ? 'keep' : 'publish',
  )
  const { payload } = result
  const { tenant, mission } = resolved.forecastParams
  const rows =
    payload && reader.panel
      ? await forecastRows({ cache: deps.cache, mission: { tenant, mission }, payload, panel: reader.panel })
      : []
  return { flow: 'forecast', nominalMs, result, rows }
}

/** Scores the newest complete step with forecasts that are made here, as the owners of the steps around it make them. */
async function detectOnce({ deps, resolved, atMs, dryRun }: Once): Promise<RunOnceResult> {
  const { detectParams } = resolved
  const { detectStepMs, evalDelayMs, tenant, mission } = detectParams
  const nominalMs = floorToStep(atMs, detectStepMs)
  const untilMs = floorToStep(nominalMs - evalDelayMs, detectStepMs)
  const window: StepRange = { fromMs: untilMs - detectStepMs, untilMs }
  const plan = { window, eras: erasOf(resolved), stepMs: detectParams.stepMs, scopeKey: detectParams.scopeKey }
  const { owners } = planDetect({ ...plan, payloads: [] })
  const made: ForecastResult[] = []
  for (const owner of owners) {
    if (owner.nominalMs <= atMs) made.push(await forecastAt({ deps, resolved }, owner.nominalMs, 'keep'))
  }
  const { payloads } = planDetect({ ...plan, payloads: await deps.cache.list({ tenant, mission }) })
  const context = { nominalMs, window, owners, payloads, storeFallback: false }
  const result = await detect.run(deps, detectParams, { ...context, effect: dryRun ? 'none' : 'publish' })
  const { fallback } = made.find((each) => each.fallback !== undefined) ?? {}
  return {
    ...{ flow: 'detect', nominalMs, minPoints: resolved.forecastParams.minPoints },
    ...(fallback !== undefined && { fallback }),
    result: { ...result, rows: await withPoints({ deps, resolved, atMs }, result.rows) },
  }
}

/** Also those of series that came after the forecast: it says nothing of how many values they have. */
async function withPoints(
  { deps, resolved, atMs }: Omit<Once, 'dryRun'>,
  rows: readonly ScoredRow[],
): Promise<readonly ScoredRow[]> {
  const isUncounted = ({ state, points }: ScoredRow) => state === 'learning' && points === undefined
  if (!rows.some(isUncounted)) return rows
  const { query, stepMs, maxSeries, allowOutputs, tenant, mission } = resolved.forecastParams
  const range = contextRange(resolved.forecastParams, atMs)
  const { series } = await readPanel(deps, { query, range, stepMs, maxSeries, allowOutputs })
  const counts = new Map(
    identifyPanel(series, { tenant, mission }).map(({ id }, i) => [id, countFinite(series[i]!.values)]),
  )
  return rows.map((row) => (isUncounted(row) ? { ...row, points: counts.get(row.id) ?? 0 } : row))
}

function forecastAt(
  { deps, resolved }: Pick<Once, 'deps' | 'resolved'>,
  nominalMs: number,
  effect: 'publish' | 'keep',
) {
  const owned = ownedRange(erasOf(resolved), nominalMs) ?? { fromMs: nominalMs, untilMs: nominalMs }
  const runNonce = `once.${randomBytes(4).toString('hex')}`
  return forecast.run(deps, resolved.forecastParams, { nominalMs, kind: 'run', owned, runNonce, effect })
}

const erasOf = ({ forecastSpec, forecastParams }: ResolvedMission) => [firstEra(forecastSpec, forecastParams.stepMs)]

function tickAt({ forecastSpec, forecastParams }: ResolvedMission, atMs: number): number {
  const tick = previousTick(forecastSpec, atMs)
  if (tick !== undefined) return tick
  const at = new Date(atMs).toISOString()
  throw new AppError('INVALID_PARAMS', `mission ${forecastParams.mission}: its forecast was never due before ${at}`)
}

/** Without Redis the store alone says what is drawn: steps up to the newest one are left as they are. */
function marksOfStore(reader: SeriesReader, nowMs: number, signal: AbortSignal): PublishMarks {
  return {
    async claim({ mission, owned }) {
      const selector = outputSelector('anomaly_pred', mission)
      const drawnUntilMs = await newestTimestamp(reader, {
        selector,
        untilMs: nowMs + 2 * 86_400_000,
        signal,
      })
      const fromMs = Math.min(Math.max(owned.fromMs, drawnUntilMs ?? owned.fromMs), owned.untilMs)
      const undrawnOnly = fromMs > owned.fromMs ? { fromMs: owned.fromMs, untilMs: fromMs } : undefined
      return { steps: { fromMs, untilMs: owned.untilMs }, undrawnOnly }
    },
  }
}
