import { floorToStep, type MissionName, type Panel, type SeriesIdentity, type StepRange } from '../models/series.ts'
import { type GatheredCovariates, gatherCovariates } from '../tasks/covariates/gather-covariates.ts'
import { groupSeries } from '../tasks/covariates/group-series.ts'
import type { Deps, Payload, PayloadMeta } from '../tasks/deps.ts'
import { eligibleSeries } from '../tasks/panel/eligible-series.ts'
import { identifyPanel } from '../tasks/panel/identify-panel.ts'
import { maskRow, maskValues } from '../tasks/panel/mask-windows.ts'
import { readPanel } from '../tasks/panel/read-panel.ts'
import { calibrateBand, edgeLevels } from '../tasks/publish/calibrate-band.ts'
import { earlierRecords } from '../tasks/publish/earlier-records.ts'
import { forecastPanel } from '../tasks/publish/forecast-panel.ts'
import { modelAbilities } from '../tasks/publish/model-abilities.ts'
import { publishBand } from '../tasks/publish/publish-band.ts'
import { joinParts, type KeptPart } from '../tasks/shards/join-parts.ts'
import type { ForecastContext, ForecastResult, SkippedSeries } from './contexts.ts'
import type { CovariatesDocument } from './covariates-document.ts'
import { defineFlow } from './flow.ts'
import { type ForecastParams, forecastParams } from './params.ts'
import { resolveCovariates } from './resolve-covariates.ts'
import { type Stopwatch, stopwatch } from './stopwatch.ts'

export const forecast = defineFlow({
  name: 'forecast',
  description:
    'Reads the history of a query, forecasts every series, keeps the band and writes the steps the run owns.',
  params: forecastParams,
  run: (deps, params, context: ForecastContext) => runForecast({ deps, params, context, watch: stopwatch() }),
})

interface Run {
  readonly deps: Deps
  readonly params: ForecastParams
  readonly context: ForecastContext
  readonly watch: Stopwatch
}

async function runForecast(run: Run): Promise<ForecastResult> {
  const { deps, context, watch } = run
  const kept = context.effect === 'none' ? undefined : await findKept(run)
  if (kept && !isToReplace(kept, context)) return publish(run, { payload: kept })
  if (context.publishOnly) return result(run, {})
  const made = context.parts ? await joinPayload(run, context.parts) : await computePayload(run)
  if (context.effect === 'none') return result(run, { ...made.counts, payload: made.payload.meta })
  const rival = await findKept(run)
  // an attempt that had lost its lock was quicker: its bytes are the ones to send
  if (rival && rival.nonce !== kept?.nonce) return publish(run, { ...made.counts, payload: rival })
  await watch.time('keep', () => deps.cache.keep(keptAs(run), made.payload))
  return publish(run, { ...made.counts, payload: made.payload.meta, replaced: kept })
}

const missionOf = ({ tenant, mission }: ForecastParams): MissionName => ({ tenant, mission })

const keptAs = ({ params, context }: Pick<Run, 'params' | 'context'>): MissionName =>
  context.shard?.keptAs ?? missionOf(params)

/** Whether a run has more to do than to publish: nothing of its T is kept, or a trigger wants it anew. */
export async function hasToForecast(run: Pick<Run, 'deps' | 'params' | 'context'>): Promise<boolean> {
  const kept = await findKept(run)
  return !run.context.publishOnly && (!kept || isToReplace(kept, run.context))
}

async function findKept(run: Pick<Run, 'deps' | 'params' | 'context'>): Promise<PayloadMeta | undefined> {
  const { deps, params, context } = run
  const payloads = await deps.cache.list(keptAs(run))
  return payloads.find(
    ({ bandKey, nominalMs, kind }) =>
      bandKey === params.bandKey && nominalMs === context.nominalMs && kind === context.kind,
  )
}

/** Only a trigger replaces a payload, and only once: its retry finds its own. */
function isToReplace({ nonce }: PayloadMeta, { recompute, publishOnly, runId }: ForecastContext): boolean {
  const isOwn = runId !== undefined && nonce.startsWith(`${runId}.`)
  return recompute === true && !publishOnly && !isOwn
}

/** What a run at T reads: `(E - context * step, E]`, E the last complete step. */
export function contextRange({ stepMs, context, evalDelayMs }: ForecastParams, nominalMs: number): StepRange {
  const untilMs = floorToStep(nominalMs - evalDelayMs, stepMs)
  return { fromMs: untilMs - context * stepMs, untilMs }
}

interface Computation {
  readonly payload: Payload
  readonly counts: Counts
}

type Counts = Partial<
  Pick<ForecastResult, 'read' | 'forecast' | 'skipped' | 'fallback' | 'fallbackDetail' | 'covariates'>
>

async function computePayload(run: Run): Promise<Computation> {
  const { deps, params, context, watch } = run
  const { query, stepMs, maxSeries, allowOutputs, minPoints } = params
  const range = contextRange(params, context.nominalMs)
  const { part } = context.shard ?? {}
  const read = { query, range, stepMs, maxSeries, allowOutputs, ...(part && { part }) }
  const whole = await watch.time('read', () => readPanel(deps, read))
  // two series that would be written as one are an error of the mission, also where a join wants neither
  const { panel, identities } = pick(whole, identifyPanel(whole.series, missionOf(params)), context.onlyIds)
  const mask = maskRow(panel, context.masked)
  const { rows, skipped } = eligibleSeries(panel, minPoints, mask)
  for (const row of rows) maskValues(panel.series[row]!.values, mask)
  const horizon = Math.max(params.horizon, Math.ceil((context.owned.untilMs - range.untilMs) / stepMs))
  const series = rows.map((row) => identities[row]!)
  const targets = { panel: { ...panel, series: rows.map((row) => panel.series[row]!) }, series, range, horizon }
  const { made, use } = await forecastTargets(run, targets)
  return {
    payload: {
      meta: payloadMeta({ params, context, horizon, model: made.model, seriesCount: series.length }),
      series,
      steps: calibrateBand(made.forecasts, horizon),
      skipped: skipped.map(({ row, ...skip }) => ({ id: identities[row]!.id, ...skip })),
      ...(made.forecasts.some(({ record }) => record) && { records: made.forecasts.map(({ record }) => record) }),
    },
    counts: {
      read: whole.series.length,
      forecast: series.length,
      skipped: skipped.map(({ row, reason }): SkippedSeries => ({ labels: identities[row]!.labels, reason })),
      ...(made.fallback === undefined ? {} : { fallback: made.fallback }),
      ...(made.fallbackDetail === undefined ? {} : { fallbackDetail: made.fallbackDetail }),
      ...(use && { covariates: use }),
    },
  }
}

async function joinPayload({ deps, params, context, watch }: Run, parts: readonly KeptPart[]): Promise<Computation> {
  const { models, ...joined } = await watch.time('join', () => joinParts(deps.cache, parts))
  const { series, steps, skipped } = joined
  // as for a panel that is forecast as a whole: the model, or its fall-back where that made everything
  const model = models.every((made) => made === params.fallback) ? (models[0] ?? params.model) : params.model
  return {
    payload: {
      ...joined,
      meta: payloadMeta({ params, context, horizon: steps.length, model, seriesCount: series.length }),
    },
    counts: {
      read: series.length + skipped.length,
      forecast: series.length,
      // a shard knew the labels, and has logged them
      skipped: skipped.map(({ reason }) => ({ labels: {}, reason })),
    },
  }
}

interface Targets {
  readonly panel: Panel
  readonly series: readonly SeriesIdentity[]
  readonly range: StepRange
  readonly horizon: number
}

/** With their covariates, and in their groups, where the mission has some. */
async function forecastTargets(run: Run, targets: Targets) {
  const { deps, params, watch } = run
  const { panel, series, range, horizon } = targets
  const { bandKey, stepMs, model, fallback, crossLearning, groupBy } = params
  const { covariates, use } = params.covariates ? await findCovariates(run, targets, params.covariates) : {}
  const { nominalMs } = run.context
  const records = await earlierRecords(deps, { mission: missionOf(params), bandKey, series, nominalMs })
  const groups = groupSeries(panel.series, { ids: series, covariates, crossLearning, groupBy })
  const contexts = panel.series.map(({ values }) => values)
  const request = {
    ...{ contexts, endMs: range.untilMs, stepMs, horizon, levels: edgeLevels, model, fallback },
    ...(covariates && { covariates }),
    ...(groups && { groups }),
    ...(records && { records }),
  }
  return { made: await watch.time('forecast', () => forecastPanel(deps, request)), use }
}

function findCovariates(
  { deps, params, watch }: Run,
  { panel, range, horizon }: Targets,
  document: CovariatesDocument,
): Promise<Partial<GatheredCovariates>> {
  const { stepMs, maxSeries, allowOutputs, model } = params
  const { maxContext } = modelAbilities(deps.forecasters, model)
  const request = {
    ...{ spec: resolveCovariates(document), targets: panel.series.map(({ labels }) => labels) },
    ...{ range, stepMs, horizon, maxContext, maxSeries, allowOutputs },
  }
  return watch.time('covariates', () => gatherCovariates(deps, request))
}

/** A join forecasts its series only. They are picked here: an arbitrary query cannot be narrowed to label sets. */
function pick(panel: Panel, identities: readonly SeriesIdentity[], onlyIds: readonly string[] | undefined) {
  if (!onlyIds) return { panel, identities }
  const wanted = new Set(onlyIds)
  const rows = [...identities.keys()].filter((row) => wanted.has(identities[row]!.id))
  return {
    panel: { ...panel, series: rows.map((row) => panel.series[row]!) },
    identities: rows.map((row) => identities[row]!),
  }
}

interface MetaOf {
  readonly params: ForecastParams
  readonly context: ForecastContext
  readonly horizon: number
  readonly model: string
  readonly seriesCount: number
}

function payloadMeta({ params, context, horizon, model, seriesCount }: MetaOf): PayloadMeta {
  const { bandKey, scopeKey, stepMs } = params
  const { nominalMs, kind, owned, runNonce } = context
  const startMs = contextRange(params, nominalMs).untilMs + stepMs
  // what a run owns is as long as the gap to the next
  const gapMs = Math.max(0, owned.untilMs - owned.fromMs)
  const keepUntilMs = startMs + (horizon - 1) * stepMs + Math.max(gapMs, 3_600_000)
  const ref = { bandKey, nominalMs, kind, nonce: runNonce }
  return { ...ref, scopeKey, startMs, stepMs, horizon, seriesCount, owned, model, keepUntilMs }
}

type Outcome = Counts & { readonly payload: PayloadMeta; readonly replaced?: PayloadMeta | undefined }

async function publish(run: Run, { replaced, ...outcome }: Outcome): Promise<ForecastResult> {
  const { deps, params, context, watch } = run
  const { owned } = context
  const { payload } = outcome
  const isDrawn = payload.published && covers(payload.published, owned)
  // where future samples are refused, detection writes the band that it used, at its time
  if (context.effect === 'keep' || !deps.writer.futureWrites || owned.fromMs >= owned.untilMs || isDrawn) {
    return result(run, outcome)
  }
  const publication = { mission: missionOf(params), payload, owned, replaced }
  const report = await watch.time('write', () => publishBand(deps, publication))
  const { published } = report
  const refused = report.rejected.map(({ labels, reason }) => ({ labels, reason: `write_rejected: ${reason}` }))
  return result(run, {
    ...outcome,
    ...(published && { payload: { ...payload, published }, publishedSteps: owned }),
    skipped: [...(outcome.skipped ?? []), ...refused],
    samplesWritten: report.written,
    samplesDropped: report.dropped + report.clamped,
  })
}

function covers(outer: StepRange, inner: StepRange): boolean {
  return outer.fromMs <= inner.fromMs && inner.untilMs <= outer.untilMs
}

function result({ watch }: Run, found: Partial<ForecastResult>): ForecastResult {
  return {
    ...{ read: 0, forecast: 0, skipped: [], samplesWritten: 0, samplesDropped: 0 },
    ...{ payload: undefined, publishedSteps: undefined },
    ...found,
    seconds: watch.seconds(),
  }
}
