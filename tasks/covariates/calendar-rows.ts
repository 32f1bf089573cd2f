import { type ZoneClock, zoneClock } from './zone-clock.ts'

/** Features of an instant that its zone's calendar and clock give. */
export const calendarFeatures = ['hourOfDay', 'dayOfWeek', 'weekend', 'dayOfMonth', 'monthOfYear'] as const
export type CalendarFeature = (typeof calendarFeatures)[number]

/** A covariate that is known at any instant. */
export interface KnownRow {
  readonly name: string
  readonly values: Float64Array
}

const hourMs = 3_600_000

/** Share of its cycle that has passed, in [0, 1), by the wall clock. */
const shares: Readonly<Record<Exclude<CalendarFeature, 'weekend'>, (wallMs: number) => number>> = {
  hourOfDay: (wallMs) => ((((wallMs / hourMs) % 24) + 24) % 24) / 24,
  dayOfWeek: (wallMs) => new Date(wallMs).getUTCDay() / 7,
  dayOfMonth: (wallMs) => (new Date(wallMs).getUTCDate() - 1) / daysOfMonth(wallMs),
  monthOfYear: (wallMs) => new Date(wallMs).getUTCMonth() / 12,
}

/**
 * Rows of a feature at some instants. A cycle is its sine and cosine, so that its end lies beside its beginning: hours
 * go by minute by minute, days and months stay what they are until midnight. `weekend` is 1 on Saturday and Sunday.
 */
export function calendarRows(feature: CalendarFeature, stepsMs: readonly number[], timeZone: string): KnownRow[] {
  const clock = zoneClock(timeZone)
  if (feature === 'weekend') return [{ name: feature, values: rowOf(stepsMs, clock, isWeekend) }]
  const angle = (wallMs: number) => 2 * Math.PI * shares[feature](wallMs)
  return [
    { name: `${feature}.sin`, values: rowOf(stepsMs, clock, (wallMs) => Math.sin(angle(wallMs))) },
    { name: `${feature}.cos`, values: rowOf(stepsMs, clock, (wallMs) => Math.cos(angle(wallMs))) },
  ]
}

function rowOf(stepsMs: readonly number[], clock: ZoneClock, value: (wallMs: number) => number): Float64Array {
  return Float64Array.from(stepsMs, (atMs) => value(clock.wallMs(atMs)))
}

const isWeekend = (wallMs: number): number => (new Date(wallMs).getUTCDay() % 6 === 0 ? 1 : 0)

function daysOfMonth(wallMs: number): number {
  const date = new Date(wallMs)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}
