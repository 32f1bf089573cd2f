import { Cron, CronPattern } from 'croner'

export interface CronSpec {
  readonly cron: string
  readonly timeZone: string
  /** Whether a time that the clocks leave out is due right after the gap, which is the default, or not at all. */
  readonly dst?: 'shift' | 'skip'
}

interface Engines {
  readonly zoned: Cron
  /** The same expression read off a clock that nobody puts forward or back. */
  readonly wall: Cron
  /** One time of the day: where the clocks leave it out, the engine moves it. Of all others it walks through every second. */
  readonly isFixed: boolean
}

/** Calendars look back as far as there are samples; the engine would look for ten thousand years. */
const firstYear = 1970
const lastYear = 2100
/** More than the clocks can go forward in those years: times that are left out every time never come. */
const mostGaps = 300

const maxParsed = 5_000
const parsed = new Map<string, Engines>()

/** The only place that knows the engine: previews and runs can never disagree. */
function parse({ cron, timeZone }: CronSpec): Engines {
  const key = `${timeZone}|${cron}`
  let engines = parsed.get(key)
  if (!engines) {
    if (parsed.size >= maxParsed) parsed.clear()
    const pattern = new CronPattern(cron)
    const bounded = withinYears(pattern)
    engines = {
      zoned: new Cron(bounded, { timezone: timeZone, paused: true }),
      wall: new Cron(bounded, { utcOffset: 0, paused: true }),
      isFixed: pattern.isFixedTime,
    }
    parsed.set(key, engines)
  }
  return engines
}

function withinYears({ pattern, year }: CronPattern): string {
  const fields = pattern.trim().split(/\s+/)
  const years = year.flatMap((isOn, at) => (isOn && at >= firstYear && at <= lastYear ? at : []))
  // years that are all beyond: one of long ago never comes, and the engine knows at once
  return [...(fields.length === 5 ? ['0'] : []), ...fields.slice(0, 6), years.join(',') || '1'].join(' ')
}

/** First instant after `afterMs`; undefined when there is none until the year 2100. */
export function cronNext(spec: CronSpec, afterMs: number): number | undefined {
  const { zoned } = parse(spec)
  let fromMs = afterMs
  for (let i = 0; i < mostGaps; i++) {
    const gapMs = leftOutNext(spec, fromMs)
    if (gapMs === null) return undefined
    const isBehind = gapMs !== undefined && gapMs > fromMs + 1
    const next = isBehind ? gapMs - 1 : zoned.nextRun(new Date(fromMs))?.getTime()
    if (next === undefined || (!isBehind && !isLeftOut(spec, next))) return next
    fromMs = next
  }
  return undefined
}

/** Last instant at or before `atMs`; undefined when there is none since 1970. */
export function cronPrevious(spec: CronSpec, atMs: number): number | undefined {
  const { zoned } = parse(spec)
  let untilMs = atMs
  for (let i = 0; i < mostGaps; i++) {
    const gapMs = leftOutBefore(spec, untilMs)
    if (gapMs === null) return undefined
    const previous = gapMs ?? zoned.previousRuns(1, nextSecond(untilMs))[0]?.getTime()
    if (previous === undefined || (gapMs === undefined && !isLeftOut(spec, previous))) return previous
    untilMs = previous - 1
  }
  return undefined
}

/** The engine looks strictly before a whole second. */
const nextSecond = (ms: number): Date => new Date((Math.floor(ms / 1_000) + 1) * 1_000)

/** When the clocks go forward, if the next time by the wall is one that they leave out then; null: there is no next time. */
function leftOutNext(spec: CronSpec, afterMs: number): number | null | undefined {
  if (!canBeLeftOut(spec)) return undefined
  const offset = (ms: number) => zoneOffsetMs(spec.timeZone, ms)
  const fromMs = afterMs + 1
  // a time of the day that is about to come again is looked at as well
  const wallMs = fromMs + Math.min(offset(fromMs), offset(fromMs + longestSetBackMs)) - 1
  const wall = parse(spec).wall.nextRun(new Date(wallMs))
  return wall && gapAt(spec, wall.getTime())
}

/** The same backwards, of the last time by the wall. */
function leftOutBefore(spec: CronSpec, atMs: number): number | null | undefined {
  if (!canBeLeftOut(spec)) return undefined
  const offset = (ms: number) => zoneOffsetMs(spec.timeZone, ms)
  const wallMs = atMs + Math.max(offset(atMs), offset(atMs - longestSetBackMs))
  const wall = parse(spec).wall.previousRuns(1, nextSecond(wallMs))[0]
  return wall ? gapAt(spec, wall.getTime()) : null
}

const canBeLeftOut = (spec: CronSpec): boolean =>
  spec.timeZone !== 'UTC' && (spec.dst === 'skip' || !parse(spec).isFixed)

const dayMs = 86_400_000

/** When the clocks go forward past this time of the wall; undefined where they show it. */
function gapAt({ timeZone }: CronSpec, wallMs: number): number | undefined {
  const before = zoneOffsetMs(timeZone, wallMs - dayMs)
  const after = zoneOffsetMs(timeZone, wallMs + dayMs)
  if (after <= before) return undefined
  let low = wallMs - dayMs
  let high = wallMs + dayMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (zoneOffsetMs(timeZone, middle) === before) low = middle
    else high = middle
  }
  return wallMs >= high + before && wallMs < high + after ? high : undefined
}

const isLeftOut = (spec: CronSpec, ms: number): boolean => spec.dst === 'skip' && isShifted(spec, ms)

/** Whether an instant of a schedule stands for a time of the day that the clocks left out. */
export const isShifted = (spec: CronSpec, ms: number): boolean => !parse(spec).zoned.match(new Date(ms))

/** Lord Howe puts its clocks back by half an hour, all others by one or two. */
const setBacksMs = [1_800_000, 3_600_000, 7_200_000]
const longestSetBackMs = 7_200_000

/** Whether the clocks have been at this time of the day once before, because they were set back. */
export function isRepeated({ timeZone }: Pick<CronSpec, 'timeZone'>, ms: number): boolean {
  const offsetMs = zoneOffsetMs(timeZone, ms)
  if (zoneOffsetMs(timeZone, ms - longestSetBackMs) === offsetMs) return false
  return setBacksMs.some((backMs) => zoneOffsetMs(timeZone, ms - backMs) - offsetMs === backMs)
}

const offsetFormats = new Map<string, Intl.DateTimeFormat>()

/** Making one takes a hundred times as long as using it. */
function offsetFormat(timeZone: string): Intl.DateTimeFormat {
  let format = offsetFormats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
    if (offsetFormats.size >= maxParsed) offsetFormats.clear()
    offsetFormats.set(timeZone, format)
  }
  return format
}

/** Local time minus UTC. */
export function zoneOffsetMs(timeZone: string, ms: number): number {
  const name = offsetFormat(timeZone)
    .formatToParts(ms)
    .find(({ type }) => type === 'timeZoneName')?.value
  const [, sign, hours, minutes, seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name ?? '') ?? []
  if (sign === undefined) return 0
  return Number(`${sign}1`) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
}

/** Whether it is an IANA zone. */
export function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

/** Why an expression cannot be scheduled, in words for its author; undefined when it can. */
export function cronProblem(spec: CronSpec, nowMs: number): string | undefined {
  // the engine reads an ISO date as a single run, and fills ? with the second at which it happens to be parsed
  if (/^\d{4}-\d{2}-\d{2}/.test(spec.cron.trim())) return `"${spec.cron}" is a date, not a cron expression`
  if (spec.cron.includes('?')) return `"${spec.cron}" holds ?, which has no fixed meaning: write * or a number`
  if (!isTimeZone(spec.timeZone)) return `"${spec.timeZone}" is no IANA time zone`
  try {
    if (cronNext(spec, nowMs) !== undefined) return undefined
  } catch (error) {
    return `"${spec.cron}" is no cron expression: ${error instanceof Error ? error.message : String(error)}`
  }
  const isShown = parse(spec).wall.nextRun(new Date(nowMs))
  const why = isShown ? `: the clocks of ${spec.timeZone} leave out every time it names` : ''
  return `"${spec.cron}" is never due again until ${lastYear}${why}`
}
