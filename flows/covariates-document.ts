import { z } from 'zod'
import { cronProblem, isTimeZone } from '../models/cron.ts'
import { tryParseDuration } from '../models/duration.ts'
import { toAppError } from '../models/errors.ts'
import { tryParseInstant } from '../tasks/adhoc/instant.ts'
import { calendarFeatures } from '../tasks/covariates/calendar-rows.ts'
import { holidayPlaceProblem } from '../tasks/covariates/country-holidays.ts'
import { holidayName } from '../tasks/covariates/covariate-spec.ts'
import { icalEvents } from '../tasks/covariates/ical-events.ts'

/** Also of covariates that a request bears itself. */
export const covariateName = z
  .string()
  .regex(/^(?!__)[a-zA-Z_][\w.-]{0,62}$/, { error: 'use 1 to 63 of a-z, 0-9, _, . and -, beginning with a letter' })

export const labelNames = z
  .array(z.string().regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'use the Prometheus label grammar, without __' }))
  .min(1)
  .max(16)

const query = z.strictObject({
  name: covariateName,
  query: z.string().trim().min(1, { error: 'is empty' }).max(16_384).describe('Any PromQL or MetricsQL expression'),
  kind: z
    .enum(['past', 'known'])
    .optional()
    .describe('known: the query has values of the horizon too, written ahead or by offset. Default past'),
  on: labelNames.optional().describe('Labels in which its series and those of the mission agree; default: all it has'),
})

const when = z
  .string()
  .max(40)
  .refine((text) => tryParseInstant(text) !== undefined, {
    error: 'write 2026-11-27, 2026-11-27T18:00 or 2026-11-27T18:00:00Z',
  })

const longestEventMs = 366 * 86_400_000
const duration = z
  .string()
  .max(100)
  .refine((text) => isWithin(tryParseDuration(text), 1_000, longestEventMs), {
    error: 'write a duration from 1s to 366d: 30m, 2h or PT2H',
  })

const event = z
  .strictObject({
    name: covariateName.describe('Events of one name are one covariate'),
    start: when.optional().describe('Without a zone in timeZone; a date is its midnight'),
    end: when.optional().describe('Not included'),
    cron: z.string().max(200).optional().describe('Starts of a repeated event, in timeZone'),
    duration: duration.optional().describe('Of a repeated event'),
  })
  .superRefine(({ start, end, cron, duration: lasts }, check) => {
    const isOnce = start !== undefined && end !== undefined && cron === undefined && lasts === undefined
    const isRepeated = start === undefined && end === undefined && cron !== undefined && lasts !== undefined
    const refuse = (path: string, message: string) => check.addIssue({ code: 'custom', path: [path], message })
    if (!isOnce && !isRepeated) refuse('start', 'give start and end, or cron and duration')
    if (isOnce && !isBefore(start, end)) refuse('end', 'is not after start')
    const problem = cron === undefined ? undefined : cronProblem({ cron, timeZone: 'UTC' }, 0)
    if (problem !== undefined) refuse('cron', problem)
  })

const holidays = z
  .strictObject({
    countries: z
      .array(z.string().max(20))
      .min(1)
      .max(16)
      .optional()
      .describe('Public holidays by ISO 3166 code: DE, or DE-BY with those of a state'),
    ical: z.string().max(200_000).optional().describe('Text of an iCalendar; mission apply puts icalFile here'),
  })
  .superRefine(({ countries = [], ical }, check) => {
    const refuse = (path: PropertyKey[], message: string) => check.addIssue({ code: 'custom', path, message })
    if (countries.length === 0 && ical === undefined) refuse([], 'give countries, ical or both')
    for (const [i, place] of countries.entries()) {
      const problem = holidayPlaceProblem(place)
      if (problem !== undefined) refuse(['countries', i], problem)
    }
    const problem = ical === undefined ? undefined : icalProblem(ical)
    if (problem !== undefined) refuse(['ical'], problem)
  })

/** What a mission or a request says of covariates, as its author wrote it. */
export const covariatesDocument = z
  .strictObject({
    queries: z.array(query).min(1).max(16).optional().describe('Covariates from the store of the mission'),
    calendar: z.array(z.enum(calendarFeatures)).min(1).optional().describe('By the wall clock of timeZone'),
    timeZone: z
      .string()
      .max(100)
      .refine(isTimeZone, { error: 'write an IANA time zone, as Europe/Berlin' })
      .optional()
      .describe('Default UTC; for holidays of a country its own'),
    holidays: holidays.optional().describe('One covariate, holiday: 1 while any of them lasts'),
    events: z.array(event).min(1).max(200).optional().describe('Planned ones: 1 while they last'),
  })
  .superRefine((document, check) => {
    for (const [path, message] of contradictions(document)) check.addIssue({ code: 'custom', path, message })
  })
  .meta({ id: 'Covariates', examples: [{ calendar: ['hourOfDay', 'dayOfWeek'], holidays: { countries: ['DE'] } }] })
export type CovariatesDocument = z.output<typeof covariatesDocument>

const mostEventNames = 16

type Given = Pick<z.input<typeof covariatesDocument>, 'queries' | 'calendar' | 'holidays' | 'events'>

function contradictions({ queries = [], calendar = [], holidays, events = [] }: Given) {
  const found: [path: PropertyKey[], message: string][] = []
  if (queries.length + calendar.length + events.length === 0 && !holidays)
    found.push([[], 'give queries, calendar, holidays or events'])
  if (new Set(calendar).size < calendar.length) found.push([['calendar'], 'give every feature once'])
  const taken = new Set<string>([holidayName, ...calendarFeatures])
  for (const [i, { name }] of queries.entries()) {
    if (taken.has(name)) found.push([['queries', i, 'name'], `"${name}" is taken`])
    taken.add(name)
  }
  for (const [i, { name }] of events.entries()) {
    if (taken.has(name)) found.push([['events', i, 'name'], `"${name}" is taken`])
  }
  if (new Set(events.map(({ name }) => name)).size > mostEventNames)
    found.push([['events'], `at most ${mostEventNames} names: each is a series more to compute`])
  return found
}

// who waits for it is the API; nothing but the first occurrence of each event is looked for
const icalCheckMs = 2_000

function icalProblem(text: string): string | undefined {
  try {
    icalEvents(text, { startMs: 0, endMs: 0, timeZone: 'UTC' }, icalCheckMs)
    return undefined
  } catch (error) {
    return toAppError(error).message
  }
}

const isBefore = (start: string, end: string): boolean =>
  (tryParseInstant(start) ?? Number.NaN) < (tryParseInstant(end) ?? Number.NaN)

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most
}
