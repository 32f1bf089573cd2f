import { z } from 'zod'
import { type SeriesState, seriesStates } from '../../flows/contexts.ts'
import { calendarEffects } from '../calendars/document.ts'
import type { EffectWindow } from '../calendars/effects.ts'
import type { MissionStatus } from '../missions/contract.ts'
import { missionDocument } from '../missions/document/document.ts'
import { flowNames } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { tickOutcomes, tickReasons } from '../store/ticks/tick-codec.ts'
import type { TickRecord } from '../store/ticks/tick-store.ts'

/** RFC 3339 in UTC. */
export const instant = z.string().meta({ format: 'date-time' })
export const toInstant = (ms: number) => new Date(ms).toISOString()
export const optionalInstant = <Name extends string>(name: Name, ms: number | undefined) =>
  (ms === undefined ? {} : { [name]: toInstant(ms) }) as Partial<Record<Name, string>>

export const flowName = z.enum(flowNames)

/** What a calendar does at an instant. */
export const effectView = z
  .object({ calendar: z.string(), effect: z.enum(calendarEffects), until: instant })
  .meta({ id: 'ActiveCalendar' })

export const viewEffect = ({ calendar, effect, untilMs }: EffectWindow): z.output<typeof effectView> => ({
  ...{ calendar, effect, until: toInstant(untilMs) },
})

export const missionStatusView = z
  .object({
    state: z.enum(['new', 'active', 'failing', 'paused']),
    consecutiveFailures: z.int(),
    lastSuccessAt: instant.optional(),
    lastError: z.object({ code: z.string(), message: z.string(), at: instant, flow: flowName }).optional(),
    series: z
      .partialRecord(z.enum(seriesStates), z.int())
      .optional()
      .describe('Series by state at the last detect run'),
    missionScore: z.number().optional(),
    anomalous: z.int().optional().describe('Series with a score above 1 at the last detect run'),
    fallback: z.string().optional().describe('Why the fall-back forecast at least some of the newest forecast'),
    covariatesMissing: z
      .record(z.string(), z.int())
      .optional()
      .describe('Series of the newest forecast that had to do without a covariate, by its name'),
    unchecked: z
      .object({ since: instant, reason: z.string() })
      .optional()
      .describe('The query was taken without the word of the store, until a run has asked it'),
    nextForecastAt: instant.optional(),
    nextDetectAt: instant.optional(),
    scoredUntil: instant.optional(),
    publishedUntil: instant.optional(),
    drawnFrom: instant.optional().describe('From which step an edit of the band is drawn'),
    calendars: z.array(effectView).optional().describe('Calendars with a window that is open now'),
    alertsOff: z
      .object({ until: instant, calendar: z.string() })
      .optional()
      .describe('By a calendar, noAlert or noRun; of several the one that lasts longest'),
  })
  .meta({ id: 'MissionStatus' })

const effectiveView = z
  .object({
    model: z.string(),
    fallback: z.string(),
    step: z.string(),
    detectStep: z.string(),
    context: z.string(),
    horizon: z.string(),
    minPoints: z.int(),
  })
  .describe('What runs use: the document with its defaults')
  .meta({ id: 'EffectiveSettings' })

export const missionView = z
  .object({
    id: z.string(),
    generation: z.int().describe('Grows with every change; the ETag'),
    createdAt: instant,
    updatedAt: instant,
    document: missionDocument,
    pause: z.object({ reason: z.string(), actor: z.string(), since: instant, until: instant.optional() }).optional(),
    status: missionStatusView.optional(),
    effective: effectiveView.optional(),
  })
  .meta({ id: 'StoredMission' })

export function viewMission(mission: StoredMission, status?: MissionStatus): z.output<typeof missionView> {
  const { id, generation, createdMs, updatedMs, document, pause } = mission
  return {
    ...{ id, generation, createdAt: toInstant(createdMs), updatedAt: toInstant(updatedMs), document },
    ...(pause && { pause: viewPause(pause) }),
    ...(status && { status: viewStatus(status) }),
  }
}

function viewPause({ reason, actor, sinceMs, untilMs }: NonNullable<StoredMission['pause']>) {
  return { reason, actor, since: toInstant(sinceMs), ...optionalInstant('until', untilMs) }
}

export function viewStatus(status: MissionStatus): z.output<typeof missionStatusView> {
  const { state, consecutiveFailures, lastError, series, unchecked, missionScore, fallback } = status
  const { covariatesMissing, anomalous } = status
  return {
    ...{ state, consecutiveFailures },
    ...optionalInstant('lastSuccessAt', status.lastSuccessMs),
    ...(lastError && {
      lastError: { ...pick(lastError, 'code', 'message', 'flow'), at: toInstant(lastError.atMs) },
    }),
    ...(series && { series: series as Partial<Record<SeriesState, number>> }),
    // JSON has no NaN: nothing was scored
    ...(missionScore !== undefined && Number.isFinite(missionScore) && { missionScore }),
    ...(anomalous !== undefined && { anomalous }),
    ...(fallback !== undefined && { fallback }),
    ...(covariatesMissing && { covariatesMissing }),
    ...(unchecked && { unchecked: { since: toInstant(unchecked.sinceMs), reason: unchecked.reason } }),
    ...optionalInstant('nextForecastAt', status.nextForecastMs),
    ...optionalInstant('nextDetectAt', status.nextDetectMs),
    ...optionalInstant('scoredUntil', status.scoredUntilMs),
    ...optionalInstant('publishedUntil', status.publishedUntilMs),
    ...optionalInstant('drawnFrom', status.drawnFromMs),
    ...viewCalendars(status.calendars),
  }
}

function viewCalendars(effects: MissionStatus['calendars'] = []) {
  if (effects.length === 0) return {}
  const silent = effects.filter(({ effect }) => effect !== 'mask').toSorted((a, b) => b.untilMs - a.untilMs)[0]
  return {
    calendars: effects.map(viewEffect),
    ...(silent && { alertsOff: { until: toInstant(silent.untilMs), calendar: silent.calendar } }),
  }
}

export const tickView = z
  .object({
    nominal: instant.describe('T'),
    outcome: z.enum(tickOutcomes),
    reason: z.enum(tickReasons),
    lagSeconds: z.number().optional().describe('From T to the start or the decision'),
    byNominal: instant.optional().describe('T of the run that stands for this one, or held its place'),
    calendar: z.string().optional().describe('The calendar that kept it from running'),
    runId: z.string().optional(),
  })
  .meta({ id: 'Tick' })

export function viewTick({
  nominalMs,
  outcome,
  reason,
  lagMs,
  byNominalMs,
  calendar,
  runId,
}: TickRecord): z.output<typeof tickView> {
  return {
    ...{ nominal: toInstant(nominalMs), outcome, reason },
    ...(lagMs !== undefined && { lagSeconds: lagMs / 1_000 }),
    ...optionalInstant('byNominal', byNominalMs),
    ...(calendar !== undefined && { calendar }),
    ...(runId !== undefined && { runId }),
  }
}

function pick<T, K extends keyof T>(from: T, ...keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>
}
