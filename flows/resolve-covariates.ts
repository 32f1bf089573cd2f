import { parseDuration } from '../models/duration.ts'
import { namesZone, tryParseInstant } from '../tasks/adhoc/instant.ts'
import type { CovariateSpec } from '../tasks/covariates/covariate-spec.ts'
import type { PlannedEvent } from '../tasks/covariates/planned-events.ts'
import { type ZoneClock, zoneClock } from '../tasks/covariates/zone-clock.ts'
import type { CovariatesDocument } from './covariates-document.ts'

/** Covariates with nothing left to find out. */
export function resolveCovariates(document: CovariatesDocument): CovariateSpec {
  const { queries = [], calendar = [], timeZone, holidays, events = [] } = document
  const clock = zoneClock(timeZone ?? 'UTC')
  return {
    queries: queries.map(({ kind = 'past', ...query }) => ({ ...query, kind })),
    calendar,
    timeZone,
    holidays: holidays && { countries: holidays.countries ?? [], ical: holidays.ical },
    events: events.map((event) => plannedEvent(event, clock)),
  }
}

type DocumentEvent = NonNullable<CovariatesDocument['events']>[number]

function plannedEvent({ name, start = '', end = '', cron, duration }: DocumentEvent, clock: ZoneClock): PlannedEvent {
  if (cron !== undefined && duration !== undefined) return { name, cron, durationMs: parseDuration(duration) }
  return { name, startMs: instantOf(start, clock), endMs: instantOf(end, clock) }
}

function instantOf(text: string, clock: ZoneClock): number {
  const ms = tryParseInstant(text) ?? Number.NaN
  return namesZone(text) ? ms : clock.instantOf(ms)
}
