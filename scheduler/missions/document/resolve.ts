import { parseDuration } from '../../../models/duration.ts'
import { AppError } from '../../../models/errors.ts'
import { longestGapMs } from '../../planning/schedule-spec.ts'
import { defaultHorizon } from '../../planning/timeline.ts'
import type { StoredMission } from '../../store/missions/stored-mission.ts'
import { bandKeyOf, scopeKeyOf } from './band-keys.ts'
import { knownRowProblems } from './covariate-checks.ts'
import type { MissionDocument } from './document.ts'
import { invalidDocument } from './invalid-document.ts'
import { schedulePolicy } from './policies.ts'
import { documentProblems, resolvedProblems } from './problems.ts'
import type { MissionDatasource, MissionSettings, ResolvedMission } from './resolved.ts'
import { scheduleSpec, shortestGapMs } from './schedule-fields.ts'

export interface ResolveInput {
  readonly tenant: string
  readonly document: MissionDocument
  /** Also the beginning of the year over which a cron schedule's longest gap is looked for. */
  readonly createdMs: number
}

/** @throws INVALID_PARAMS naming every field that does not fit, all at once. */
export function resolveMission(input: ResolveInput, settings: MissionSettings, nowMs: number): ResolvedMission {
  const { document, tenant } = input
  const before = documentProblems(document, { nowMs, ...settings })
  const datasource = settings.datasource(tenant, document.datasource)
  if (!datasource) before.push({ pointer: '/datasource', detail: noDatasource(document) })
  if (!datasource || before.length > 0) throw invalidDocument(`mission ${document.id}`, before)
  const resolved = resolve(input, settings, datasource)
  const after = [...resolvedProblems(document, resolved, datasource), ...knownRowProblems(resolved, nowMs)]
  if (after.length > 0) throw invalidDocument(`mission ${document.id}`, after)
  return resolved
}

/**
 * A mission as it was accepted: keys are those that its author's edits made.
 * @throws NOT_FOUND when the configuration no longer has its datasource.
 */
export function resolveStored(mission: StoredMission, settings: MissionSettings): ResolvedMission {
  const { bandKey, scopeKey } = mission
  const resolved = resolveAnew(mission, settings)
  return {
    ...resolved,
    forecastParams: { ...resolved.forecastParams, bandKey, scopeKey },
    detectParams: { ...resolved.detectParams, bandKey, scopeKey },
  }
}

/** The same with the keys that the defaults of the present configuration make. */
export function resolveAnew(mission: StoredMission, settings: MissionSettings): ResolvedMission {
  const { tenant, document } = mission
  const datasource = settings.datasource(tenant, document.datasource)
  if (!datasource) throw new AppError('NOT_FOUND', `mission ${mission.id}: datasource: ${noDatasource(document)}`)
  return resolve(mission, settings, datasource)
}

const exitsPerDay = { low: 0.005, normal: 0.015, high: 0.1 } as const

function resolve(input: ResolveInput, settings: MissionSettings, datasource: MissionDatasource): ResolvedMission {
  const { tenant, document, createdMs } = input
  const stepMs = durationOr(document.step, 300_000)
  const everyMs = shortestGapMs('detect', document.detect, createdMs)
  const detectStepMs = durationOr(document.detectStep, Math.min(everyMs, stepMs))
  const named = { tenant, mission: document.id }
  const forecastSpec = scheduleSpec({ ...named, flow: 'forecast', schedule: document.forecast, stepMs })
  const gapMs = longestGapMs(forecastSpec, createdMs)
  const band = bandFields(document, { settings, datasource, stepMs, gapMs })
  const maxSeries = document.maxSeries ?? Math.min(settings.defaults.maxSeries, datasource.maxSeries)
  const scopeKey = scopeKeyOf(band)
  const bandKey = bandKeyOf(band, createdMs)
  const { datasource: _, ...params } = band
  return {
    datasource: datasource.name,
    forecastParams: { ...named, ...params, maxSeries, scopeKey, bandKey },
    detectParams: { ...named, ...judgement(document, band), detectStepMs, maxSeries, scopeKey, bandKey },
    forecastSpec,
    detectSpec: scheduleSpec({ ...named, flow: 'detect', schedule: document.detect, stepMs: detectStepMs }),
    forecastPolicy: schedulePolicy(
      'forecast',
      shortestGapMs('forecast', document.forecast, createdMs),
      document.forecast?.policy,
    ),
    detectPolicy: schedulePolicy('detect', everyMs, document.detect?.policy),
    gapMs,
    maxExtendMs: durationOr(document.maxExtend, 50 * 60_000),
  }
}

interface BandInput {
  readonly settings: MissionSettings
  readonly datasource: MissionDatasource
  readonly stepMs: number
  readonly gapMs: number
}

function bandFields(document: MissionDocument, { settings, datasource, stepMs, gapMs }: BandInput) {
  const { query, minPoints = 10, allowOutputs = false, covariates, groupBy, crossLearning } = document
  return {
    ...{ query, stepMs, minPoints, allowOutputs },
    datasource: datasource.name,
    evalDelayMs: durationOr(document.evalDelay, datasource.evalDelayMs),
    context: Math.ceil(durationOr(document.context, 7 * 86_400_000) / stepMs),
    horizon:
      document.horizon === undefined
        ? defaultHorizon({ gapMs, stepMs })
        : Math.ceil(parseDuration(document.horizon) / stepMs),
    model: document.model ?? settings.defaults.model,
    fallback: document.fallback ?? settings.defaults.fallback,
    bandExitsPerDay: document.bandExitsPerDay ?? exitsPerDay[document.sensitivity ?? 'normal'],
    ...(covariates && { covariates }),
    ...(groupBy && { groupBy }),
    ...(crossLearning && { crossLearning }),
  }
}

/** What only detection looks at: it acts at the next run and makes no other band. */
function judgement(
  document: MissionDocument,
  { query, stepMs, evalDelayMs, allowOutputs }: ReturnType<typeof bandFields>,
) {
  const { direction = 'both', minDeviation = 0, minRelativeDeviation = 0, dataRange } = document
  return {
    ...{ query, stepMs, evalDelayMs, allowOutputs },
    ...{ direction, minDeviation, minRelativeDeviation },
    ...(dataRange && { dataRange }),
  } as const
}

function noDatasource({ datasource }: MissionDocument): string {
  return datasource === undefined
    ? 'none is configured (datasources, or AT_DATASOURCES)'
    : `there is none named "${datasource}"; GET /api/v1/datasources lists them`
}

function durationOr(text: string | undefined, defaultMs: number): number {
  return text === undefined ? defaultMs : parseDuration(text)
}
