import { formatDuration, parseDuration } from '../../../models/duration.ts'
import { ownOutputSelector } from '../../../tasks/prometheus/query/own-outputs.ts'
import { leadMs } from '../../planning/timeline.ts'
import { jointProblems } from './covariate-checks.ts'
import type { MissionDocument } from './document.ts'
import { modelProblem } from './model-check.ts'
import type { MissionDatasource, MissionSettings, Problem, ResolvedMission } from './resolved.ts'
import { scheduleProblems, shortestGapMs } from './schedule-fields.ts'
import { stepDependence } from './step-dependence.ts'

const hourMs = 3_600_000
/** VictoriaMetrics drops what lies two days ahead without a word. */
const farthestMs = 47 * hourMs
/** Prometheus and its kin refuse samples that are an hour old. */
const oldestMs = 50 * 60_000
const maxSteps = 50_000

interface DocumentChecks extends Pick<MissionSettings, 'models' | 'modelProblem' | 'defaults' | 'takesCovariates'> {
  readonly nowMs: number
}

/** What can be said of a document alone, before anything is worked out from it. */
export function documentProblems(document: MissionDocument, { nowMs, ...settings }: DocumentChecks): Problem[] {
  const { forecast, detect } = document
  const problems = [...scheduleProblems('forecast', forecast, nowMs), ...scheduleProblems('detect', detect, nowMs)]
  for (const field of ['step', 'detectStep'] as const) {
    const text = document[field]
    if (text !== undefined && parseDuration(text) % 1_000 !== 0) {
      problems.push({ pointer: `/${field}`, detail: 'use whole seconds, at least 1s' })
    }
  }
  for (const field of ['model', 'fallback'] as const) {
    const name = document[field]
    const detail = name === undefined ? undefined : modelProblem(settings, name)
    if (detail !== undefined) problems.push({ pointer: `/${field}`, detail })
  }
  return [...problems, ...jointProblems(document, settings)]
}

/** What shows only once defaults and datasource are known. */
export function resolvedProblems(
  document: MissionDocument,
  resolved: ResolvedMission,
  datasource: MissionDatasource,
): Problem[] {
  const checks: Check[] = [
    detectStepAboveStep,
    stepDependentQuery,
    ownOutputs,
    contextTooLong,
    contextTooShort,
    horizonTooShort,
    horizonTooLong,
    forecastTooOften,
    windowTooLong,
    evalDelayTooLong,
    tooManySeries,
  ]
  return checks.flatMap((check) => check({ document, resolved, datasource }) ?? [])
}

interface CheckInput {
  readonly document: MissionDocument
  readonly resolved: ResolvedMission
  readonly datasource: MissionDatasource
}

type Check = (input: CheckInput) => Problem | readonly Problem[] | undefined

function detectStepAboveStep({ resolved: { detectParams } }: CheckInput): Problem | undefined {
  const { detectStepMs, stepMs } = detectParams
  if (detectStepMs <= stepMs) return undefined
  const detail = `${formatDuration(detectStepMs)} is above the step of the forecast, ${formatDuration(stepMs)}`
  return { pointer: '/detectStep', detail }
}

function stepDependentQuery({ document, resolved, datasource }: CheckInput): Problem | undefined {
  const { detectStepMs, stepMs } = resolved.detectParams
  if (detectStepMs === stepMs) return undefined
  const reason = stepDependence(document.query, { metricsQl: datasource.kind === 'victoriametrics' })
  if (reason === undefined) return undefined
  const steps = `${formatDuration(stepMs)} and ${formatDuration(detectStepMs)}`
  return { pointer: '/query', detail: `${reason}. It is read at two steps, ${steps}: or make detectStep equal step` }
}

/** Each run would read what the one before it wrote: a band of a score of a band, and new series every time. */
function ownOutputs({ document, resolved: { forecastParams } }: CheckInput): Problem[] {
  if (forecastParams.allowOutputs) return []
  const { query, covariates } = document
  const others = covariates?.queries?.map((each, i) => ({ ...each, pointer: `/covariates/queries/${i}/query` }))
  return [{ query, pointer: '/query' }, ...(others ?? [])].flatMap(({ query, pointer }) => {
    const selector = ownOutputSelector(query, forecastParams)
    if (selector === undefined) return []
    const hint = `add mission!="${document.id}" to it, or set allowOutputs: true`
    return { pointer, detail: `${selector} returns what this mission writes itself: ${hint}` }
  })
}

function contextTooLong({ resolved: { forecastParams } }: CheckInput): Problem | undefined {
  const { context, stepMs } = forecastParams
  if (context <= maxSteps) return undefined
  const steps = `${formatDuration(context * stepMs)} are ${context} steps of ${formatDuration(stepMs)}`
  return { pointer: '/context', detail: `${steps}; at most ${maxSteps}: shorten context or widen step` }
}

function contextTooShort({ resolved: { forecastParams } }: CheckInput): Problem | undefined {
  const { context, minPoints } = forecastParams
  if (context >= minPoints) return undefined
  return { pointer: '/context', detail: `${context} steps can never hold minPoints, ${minPoints}` }
}

/** The last step of a run is the first of the next one's, plus the lead, counted from E on. */
function horizonTooShort({ resolved }: CheckInput): Problem | undefined {
  const { horizon, stepMs, evalDelayMs } = resolved.forecastParams
  const leastMs = Math.ceil((resolved.gapMs + leadMs(stepMs) + evalDelayMs) / stepMs + 1) * stepMs
  if (horizon * stepMs >= leastMs) return undefined
  const gap = formatDuration(resolved.gapMs)
  return {
    pointer: '/horizon',
    detail: `forecasts are up to ${gap} apart: at least ${formatDuration(leastMs)} is needed`,
  }
}

function horizonTooLong({ document, resolved, datasource }: CheckInput): Problem | undefined {
  const { horizon, stepMs } = resolved.forecastParams
  const [pointer, ahead] =
    document.horizon === undefined
      ? [document.forecast?.cron === undefined ? '/forecast/every' : '/forecast/cron', 'its forecasts reach']
      : ['/horizon', 'it reaches']
  if (horizon > maxSteps) return { pointer, detail: `${ahead} ${horizon} steps ahead; at most ${maxSteps}` }
  if (!mayWriteAhead(datasource) || horizon * stepMs <= farthestMs) return undefined
  const reach = `${ahead} ${formatDuration(horizon * stepMs)} ahead, the store takes ${formatDuration(farthestMs)}`
  return { pointer, detail: `${reach} (futureWrites: deferred of datasource ${datasource.name} would lift that)` }
}

/** `auto` without a kind is decided by asking the store later on; until then the narrower limit holds. */
function mayWriteAhead({ kind, futureWrites }: MissionDatasource): boolean {
  return futureWrites === 'native' || (futureWrites === 'auto' && (kind === 'victoriametrics' || kind === 'auto'))
}

function forecastTooOften({ document, resolved }: CheckInput): Problem | undefined {
  const { stepMs } = resolved.forecastParams
  const shortestMs = shortestGapMs('forecast', document.forecast, 0)
  if (shortestMs >= stepMs) return undefined
  const field = document.forecast?.cron === undefined ? 'every' : 'cron'
  return { pointer: `/forecast/${field}`, detail: `more often than the step, ${formatDuration(stepMs)}` }
}

function windowTooLong({ document, resolved, datasource }: CheckInput): Problem | undefined {
  const { maxExtendMs, detectParams } = resolved
  if (maxExtendMs < detectParams.detectStepMs) {
    return { pointer: '/maxExtend', detail: `below detectStep, ${formatDuration(detectParams.detectStepMs)}` }
  }
  const limitMs = datasource.kind === 'victoriametrics' ? 24 * hourMs : oldestMs
  if (maxExtendMs <= limitMs) return undefined
  return {
    pointer: '/maxExtend',
    detail: `${document.maxExtend}; this store takes scores up to ${formatDuration(limitMs)}`,
  }
}

function evalDelayTooLong({ resolved: { forecastParams } }: CheckInput): Problem | undefined {
  if (forecastParams.evalDelayMs <= hourMs) return undefined
  return { pointer: '/evalDelay', detail: 'at most 1h: that much later does an alert come' }
}

function tooManySeries({ document, datasource }: CheckInput): Problem | undefined {
  if (document.maxSeries === undefined || document.maxSeries <= datasource.maxSeries) return undefined
  return { pointer: '/maxSeries', detail: `datasource ${datasource.name} answers at most ${datasource.maxSeries}` }
}
