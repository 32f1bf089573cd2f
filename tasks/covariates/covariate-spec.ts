import type { CalendarFeature } from './calendar-rows.ts'
import type { PlannedEvent } from './planned-events.ts'

/** A covariate whose values a query gives. */
export interface CovariateQuery {
  readonly name: string
  readonly query: string
  /** `known`: its values at the steps of the horizon are asked for as well; where there are none it is not known. */
  readonly kind: 'past' | 'known'
  /** Labels in which its series and a target agree; default: all of each of its series, and one series serves all. */
  readonly on?: readonly string[] | undefined
}

export interface HolidaySpec {
  /** `DE`, or `DE-BY` with the holidays of a state as well. */
  readonly countries: readonly string[]
  /** Text of an iCalendar. */
  readonly ical?: string | undefined
}

/** What a model may look at beside the series that it forecasts. */
export interface CovariateSpec {
  readonly queries: readonly CovariateQuery[]
  readonly calendar: readonly CalendarFeature[]
  /** Whose clock and calendar count; default UTC, for holidays of a country its own. */
  readonly timeZone?: string | undefined
  readonly holidays?: HolidaySpec | undefined
  readonly events: readonly PlannedEvent[]
}

/** The covariate of all holidays. */
export const holidayName = 'holiday'
