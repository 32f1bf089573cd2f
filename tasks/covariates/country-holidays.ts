import { createRequire } from 'node:module'
import type Holidays from 'date-holidays'
import { AppError } from '../../models/errors.ts'
import type { Window } from './windows.ts'

// at its first use: 0.3 s and 20 MB, for those who ask for holidays only
const holidaysClass = () => createRequire(import.meta.url)('date-holidays') as typeof Holidays

/** `DE`, `DE-BY` or `US-LA-NO`: country, state and region as date-holidays has them. */
interface Place {
  readonly country: string
  readonly state: string | undefined
  readonly region: string | undefined
}

function placeOf(code: string): Place {
  const [country = '', state, ...region] = code.toUpperCase().split('-')
  return { country, state, region: region.length > 0 ? region.join('-') : undefined }
}

/** Why a place has no holidays; undefined when it has. */
export function holidayPlaceProblem(code: string): string | undefined {
  const { country, state, region } = placeOf(code)
  const all = new (holidaysClass())()
  const countries = Object.keys(all.getCountries())
  if (!countries.includes(country)) return `no country "${country}": write one as DE, a state of it as DE-BY`
  const states = Object.keys(all.getStates(country) ?? {})
  if (state === undefined) return undefined
  if (!states.includes(state)) return `${country} has no "${state}"; it has ${states.join(', ') || 'no parts'}`
  const regions = Object.keys(all.getRegions(country, state) ?? {})
  if (region === undefined || regions.includes(region)) return undefined
  return `${country}-${state} has no "${region}"; it has ${regions.join(', ') || 'no parts'}`
}

export interface HolidayRange extends Window {
  /** Where the day begins; default: the zone of the place itself. */
  readonly timeZone: string | undefined
}

const dayMs = 86_400_000
// nobody learns of days from a history of decades
const mostYears = 30

/** Public holidays of a place that touch a range. @throws INVALID_PARAMS where that has more years than 30. */
export function countryHolidays(code: string, { startMs, endMs, timeZone }: HolidayRange): Window[] {
  if (endMs - startMs > mostYears * 366 * dayMs) {
    throw new AppError(
      'INVALID_PARAMS',
      `holidays of ${code}: history and horizon reach over more than ${mostYears} years`,
    )
  }
  const windows: Window[] = []
  // a year of the place is not quite one of UTC
  const lastYear = new Date(endMs + dayMs).getUTCFullYear()
  for (let year = new Date(startMs - dayMs).getUTCFullYear(); year <= lastYear; year++) {
    windows.push(...holidaysOfYear({ code, year, timeZone }))
  }
  return windows.filter((window) => window.startMs < endMs && startMs < window.endMs)
}

interface YearOf {
  readonly code: string
  readonly year: number
  readonly timeZone: string | undefined
}

// a year costs up to 15 ms, and every mission of a country asks for the same ones
const years = new Map<string, readonly Window[]>()
const mostKept = 500

function holidaysOfYear({ code, year, timeZone }: YearOf): readonly Window[] {
  const key = `${code.toUpperCase()}|${year}|${timeZone}`
  const known = years.get(key)
  if (known) return known
  const { country, state = '', region = '' } = placeOf(code)
  const calendar = new (holidaysClass())(country, state, region, { types: ['public'] })
  if (timeZone !== undefined) calendar.setTimezone(timeZone)
  const windows = calendar.getHolidays(year).map(({ start, end }) => {
    return { startMs: start.getTime(), endMs: end.getTime() }
  })
  if (years.size >= mostKept) years.clear()
  years.set(key, windows)
  return windows
}
