import { createContext, Script } from 'node:vm'
import ICAL from 'ical.js'
import { isTimeZone } from '../../models/cron.ts'
import { AppError, toAppError } from '../../models/errors.ts'
import type { Window } from './windows.ts'
import { zoneClock } from './zone-clock.ts'

// each costs 0.1 ms, and they are counted from the first one on, however long ago that was
const mostOccurrences = 10_000
// the library looks for ever for what never comes: the 30th of February, a Monday every seven days from a Tuesday on
const longestMs = 10_000

export interface IcalRange extends Window {
  /** Of whole days, and of times that name no zone. */
  readonly timeZone: string
}

/**
 * Stretches of an iCalendar's events that touch a range, repeated ones included, cancelled ones left out.
 * @throws INVALID_PARAMS naming the event, also of a rule that never comes true.
 */
export function icalEvents(text: string, range: IcalRange, timeoutMs = longestMs): Window[] {
  let reading: ICAL.Event | undefined
  const read = () =>
    windowsOf(text, range, (event) => {
      reading = event
    })
  try {
    return new Script('read()').runInContext(createContext({ read }), { timeout: timeoutMs })
  } catch (error) {
    if (Object(error).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw invalid('it takes too long to read: does its RRULE ever come true?', reading)
  }
}

function windowsOf(text: string, range: IcalRange, onEvent: (event: ICAL.Event) => void): Window[] {
  const windows: Window[] = []
  const budget = { left: mostOccurrences }
  for (const event of readEvents(text)) {
    // a changed occurrence belongs to the event that it is one of
    if (event.isRecurrenceException()) continue
    onEvent(event)
    for (const { startDate, endDate, item } of occurrences(event, range, budget)) {
      const window = { startMs: instantOf(startDate, item, range), endMs: instantOf(endDate, item, range) }
      if (window.startMs < range.endMs && window.endMs > range.startMs && !isCancelled(item)) windows.push(window)
    }
  }
  return windows
}

function readEvents(text: string): ICAL.Event[] {
  const calendars = parseCalendars(text)
  if (calendars.length === 0) throw invalid('there is no BEGIN:VCALENDAR')
  return calendars.flatMap((calendar) => calendar.getAllSubcomponents('vevent')).map((each) => new ICAL.Event(each))
}

function parseCalendars(text: string): ICAL.Component[] {
  try {
    const parsed: unknown[] = ICAL.parse(text)
    // one calendar, or several that follow each other
    const all = typeof parsed[0] === 'string' ? [parsed] : parsed
    return all.map((each) => new ICAL.Component(each as unknown[])).filter(({ name }) => name === 'vcalendar')
  } catch (error) {
    throw invalid(toAppError(error).message)
  }
}

type Occurrence = Pick<ReturnType<ICAL.Event['getOccurrenceDetails']>, 'startDate' | 'endDate' | 'item'>

/** In the order of their recurrence, from the first one on, up to the end of the range. */
function* occurrences(event: ICAL.Event, range: IcalRange, budget: { left: number }): Generator<Occurrence> {
  if (!event.startDate) throw invalid('it has no DTSTART', event)
  if (!event.isRecurring()) {
    yield { startDate: event.startDate, endDate: event.endDate, item: event }
    return
  }
  const iterator = event.iterator()
  for (let next = iterator.next(); next && instantOf(next, event, range) < range.endMs; next = iterator.next()) {
    if (budget.left-- === 0) throw invalid(`all of them together recur more than ${mostOccurrences} times`, event)
    yield event.getOccurrenceDetails(next)
  }
}

function instantOf(time: ICAL.Time, event: ICAL.Event, { timeZone }: IcalRange): number {
  const { year, month, day, hour, minute, second } = time
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second)
  if (time.isDate) return zoneClock(timeZone).instantOf(wallMs)
  if (time.zone === ICAL.Timezone.utcTimezone) return wallMs
  const named = event.component.getFirstProperty('dtstart')?.getFirstParameter('tzid')
  if (named === undefined) return zoneClock(timeZone).instantOf(wallMs)
  if (isTimeZone(named)) return zoneClock(named).instantOf(wallMs)
  // Outlook has names of its own, and says in the file what they mean
  if (time.zone === ICAL.Timezone.localTimezone) throw invalid(`its time zone "${named}" is unknown`, event)
  return time.toUnixTime() * 1_000
}

const isCancelled = ({ component }: ICAL.Event): boolean =>
  `${component.getFirstPropertyValue('status')}`.toUpperCase() === 'CANCELLED'

function invalid(problem: string, event?: ICAL.Event): AppError {
  const named = event && (event.summary || event.uid)
  return new AppError('INVALID_PARAMS', `iCalendar: ${named ? `event "${named}": ` : ''}${problem}`)
}
