import { type MissionName, type Panel, type SeriesIdentity, stepsIn } from '../models/series.ts'
import { explainUnserved } from '../tasks/band/explain-unserved.ts'
import { type BandStep, fetchBand, sourcesOf } from '../tasks/band/fetch-band.ts'
import { fillFromStore } from '../tasks/band/fill-from-store.ts'
import { findMissingRuns } from '../tasks/band/find-missing-runs.ts'
import type { Deps, PayloadMeta, SampleBlock, WriteReport } from '../tasks/deps.ts'
import { findAbsentSeries } from '../tasks/panel/find-absent-series.ts'
import { identifyPanel } from '../tasks/panel/identify-panel.ts'
import { indexSeries } from '../tasks/panel/index-series.ts'
import { readPanel } from '../tasks/panel/read-panel.ts'
import { missionBlocks, scoreBlock, usedBandBlocks } from '../tasks/publish/output-blocks.ts'
import { sumReports } from '../tasks/publish/write-band.ts'
import { countStates, judgePanel, type PanelStep } from '../tasks/score/judge-panel.ts'
import { type PanelToScore, scorePanel } from '../tasks/score/score-panel.ts'
import { addChunk, countAnomalous, emptySummary, highestScore } from '../tasks/score/summarize-scores.ts'
import type { DetectContext, DetectResult } from './contexts.ts'
import { defineFlow } from './flow.ts'
import { type DetectParams, detectParams } from './params.ts'
import { type Stopwatch, stopwatch } from './stopwatch.ts'

const maxRows = 50

export const detect = defineFlow({
  name: 'detect',
  description: 'Reads the live values of a query, holds them against the band of each step and writes the scores.',
  params: detectParams,
  run: (deps, params, context: DetectContext) => runDetect({ deps, params, context, watch: stopwatch() }),
})

interface Run {
  readonly deps: Deps
  readonly params: DetectParams
  readonly context: DetectContext
  readonly watch: Stopwatch
}

const missionOf = ({ tenant, mission }: DetectParams): MissionName => ({ tenant, mission })

async function runDetect(run: Run): Promise<DetectResult> {
  const { deps, params, context, watch } = run
  const { futureWrites } = deps.writer
  const stepsMs = stepsIn(context.window, params.detectStepMs)
  if (stepsMs.length === 0) return nothingToDo
  const panel = await watch.time('read', () => readValues(run))
  const present = identifyPanel(panel.series, missionOf(params))
  const { steps, payloads, absent } = await watch.time('band', () => findBand(run, stepsMs, present))
  const requests = findMissingRuns({ ...bandRequest(run, stepsMs), gridMs: gridOf(steps), payloads, futureWrites })
  // a later forecast was quicker: scores from there on would leave the steps before it without any
  if (isAwaited(context, steps[0]!)) {
    return { ...nothingToDo, read: panel.series.length, requests, noBand: true, seconds: watch.seconds() }
  }
  const index = indexSeries(sourcesOf(steps), present, absent)
  const toScore = { panel, series: [...present, ...absent], index, steps, rules: params }
  const { summary, reports } = await scoreAndWrite(run, toScore)
  const { states, rows, newSeries } = await judge(run, summary.last, steps)
  const score = highestScore(summary)
  const forecastAgeMs = forecastAge(steps)
  const atMs = stepsMs.at(-1)!
  const mission = missionOf(params)
  reports.push(await write(run, missionBlocks({ mission, atMs, states, score, forecastAgeMs })))
  const { dropped, rejected } = sumReports(reports)
  return {
    read: panel.series.length,
    scored: summary.scored,
    states,
    missionScore: score,
    anomalous: countAnomalous(summary),
    rows,
    forecastAgeMs,
    requests,
    newSeries,
    noBand: steps.every(({ low }) => low.length === 0),
    samplesDropped: dropped,
    rejected,
    seconds: watch.seconds(),
  }
}

const nothingToDo: DetectResult = {
  ...{ read: 0, scored: 0, missionScore: Number.NaN, anomalous: 0, forecastAgeMs: Number.NaN, noBand: false },
  ...{ samplesDropped: 0, states: countStates(), rows: [], requests: [], newSeries: [], rejected: [], seconds: {} },
}

function readValues({ deps, params, context }: Run): Promise<Panel> {
  const { query, detectStepMs: stepMs, maxSeries, allowOutputs } = params
  return readPanel(deps, { query, range: context.window, stepMs, maxSeries, allowOutputs })
}

function bandRequest({ params, context }: Run, stepsMs: readonly number[]) {
  const { stepMs, scopeKey, bandKey } = params
  return { stepsMs, stepMs, scopeKey, bandKey, owners: context.owners, payloads: context.payloads }
}

interface FoundBand {
  readonly steps: readonly BandStep[]
  readonly payloads: readonly PayloadMeta[]
  /** Series that have a band, but that the query did not return. */
  readonly absent: readonly SeriesIdentity[]
}

async function findBand(run: Run, stepsMs: readonly number[], present: readonly SeriesIdentity[]): Promise<FoundBand> {
  const { deps, params, context } = run
  const mission = missionOf(params)
  const fetched = await fetchBand(deps, mission, bandRequest(run, stepsMs))
  const steps = context.storeFallback
    ? await fillFromStore(deps, mission, { steps: fetched.steps, stepMs: params.stepMs })
    : fetched.steps
  return { steps, payloads: fetched.payloads, absent: await findAbsentSeries(deps, mission, { present, steps }) }
}

function isAwaited({ owners, awaited = [] }: DetectContext, { low, lowMs, highMs }: BandStep): boolean {
  const owns = ({ owned }: DetectContext['owners'][number], ms: number) => owned.fromMs < ms && ms <= owned.untilMs
  const isOwner = (owner: DetectContext['owners'][number]) => owns(owner, lowMs) || owns(owner, highMs)
  return low.length === 0 && owners.some((owner) => awaited.includes(owner.nominalMs) && isOwner(owner))
}

/** Chunk by chunk: what is written is not held any longer, apart from its last step. */
async function scoreAndWrite(run: Run, toScore: PanelToScore) {
  const { deps, watch } = run
  const { series, steps } = toScore
  const summary = emptySummary(series)
  const reports: WriteReport[] = []
  const chunks = scorePanel(toScore)
  const nextChunk = async () => chunks.next()
  for (;;) {
    const { value: chunk, done } = await watch.time('score', nextChunk)
    if (done) return { summary, reports }
    addChunk(summary, chunk)
    const band = deps.writer.futureWrites ? [] : usedBandBlocks(chunk, steps)
    reports.push(await write(run, [...band, scoreBlock(chunk, steps)]))
  }
}

async function write({ deps, context, watch }: Run, blocks: readonly SampleBlock[]): Promise<WriteReport> {
  if (context.effect === 'none') return { written: 0, dropped: 0, rejected: [] }
  return watch.time('write', () => deps.writer.write(blocks, deps.signal))
}

/** States, reasons and rows at the last step of the window. */
async function judge({ deps, params, context }: Run, last: PanelStep, steps: readonly BandStep[]) {
  const step = steps.at(-1)!
  const unserved = last.series.filter((_, s) => !Number.isNaN(last.values[s]!) && Number.isNaN(last.pred[s]!))
  const about = { series: unserved, step, bandKey: params.bandKey }
  const { skipped, newSeries } = await explainUnserved(deps, missionOf(params), about)
  const judged = judgePanel(last, {
    stale: step.stale,
    skipped,
    newIds: new Set(newSeries.map(({ id }) => id)),
    maxRows: context.effect === 'none' ? last.series.length : maxRows,
  })
  return { ...judged, newSeries }
}

/** Age of the newest run that serves the last step with a band. A join serves a few series and says nothing of the rest. */
function forecastAge(steps: readonly BandStep[]): number {
  const runs = (step: BandStep) => sourcesOf([step]).filter(({ payload }) => payload?.kind === 'run')
  const last = steps.findLast((step) => runs(step).length > 0)
  if (!last) return Number.NaN
  return last.atMs - Math.max(...runs(last).map(({ payload }) => payload?.nominalMs ?? 0))
}

function gridOf(steps: readonly BandStep[]): number[] {
  return [...new Set(steps.flatMap(({ lowMs, highMs }) => [lowMs, highMs]))]
}
