import { Cron } from 'croner'

export interface CronSpec {
  readonly cron: string
  readonly timeZone: string
  /** Whether a time that the clocks leave out is due right after the gap, which is the default, or not at all. */
  readonly dst?: 'shift' | 'skip'
}

const maxParsed = 5_000
const parsed = new Map<string, Cron>()

/** The only place that knows the engine: previews and runs can never disagree. */
function parse({ cron, timeZone }: CronSpec): Cron {
  const key = `${timeZone}|${cron}`
  let job = parsed.get(key)
  if (!job) {
    if (parsed.size >= maxParsed) parsed.clear()
    job = new Cron(cron, { timezone: timeZone, paused: true })
    parsed.set(key, job)
  }
  return job
}

/** First instant after `afterMs`; undefined when there is none. */
export function cronNext(spec: CronSpec, afterMs: number): number | undefined {
  const next = parse(spec).nextRun(new Date(afterMs))?.getTime()
  return next !== undefined && isLeftOut(spec, next) ? cronNext(spec, next) : next
}

/** Last instant at or before `atMs`; undefined when there is none. */
export function cronPrevious(spec: CronSpec, atMs: number): number | undefined {
  // the engine looks strictly before a whole second
  const before = new Date((Math.floor(atMs / 1_000) + 1) * 1_000)
  const previous = parse(spec).previousRuns(1, before)[0]?.getTime()
  return previous !== undefined && isLeftOut(spec, previous) ? cronPrevious(spec, previous - 1) : previous
}

const isLeftOut = (spec: CronSpec, ms: number): boolean => spec.dst === 'skip' && isShifted(spec, ms)

/** Whether an instant of a schedule stands for a time of the day that the clocks left out. */
export const isShifted = (spec: CronSpec, ms: number): boolean => !parse(spec).match(new Date(ms))

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
  return `"${spec.cron}" is never due again`
}
