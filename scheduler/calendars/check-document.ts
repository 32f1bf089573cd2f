import { cronProblem, isTimeZone } from '../../models/cron.ts'
import { formatDuration, parseDuration } from '../../models/duration.ts'
import { toAppError } from '../../models/errors.ts'
import { invalidDocument } from '../missions/document/invalid-document.ts'
import type { Problem } from '../missions/document/resolved.ts'
import { shortestCronGapMs } from '../planning/cron-gap.ts'
import { readIcal } from './calendar-windows.ts'
import type { CalendarDocument } from './document.ts'

const dayMs = 86_400_000
const longestMs = 31 * dayMs
/** Windows that begin more often are one window, and listing them is slow. */
const shortestGapMs = 300_000

/** @throws INVALID_PARAMS naming every field that does not fit, all at once. */
export function checkCalendar({ id, windows = [], ical }: CalendarDocument, nowMs: number): void {
  const problems = windows.flatMap((window, i) =>
    windowProblems(window, nowMs).map(({ pointer, detail }) => ({ pointer: `/windows/${i}/${pointer}`, detail })),
  )
  const all = [...problems, ...(ical ? icalProblems(ical, nowMs) : [])]
  if (all.length > 0) throw invalidDocument(`calendar ${id}`, all)
}

type WrittenWindow = NonNullable<CalendarDocument['windows']>[number]

function windowProblems({ from, to, cron, duration, timeZone = 'UTC', dst }: WrittenWindow, nowMs: number): Problem[] {
  if (from !== undefined && to !== undefined)
    return Date.parse(from) < Date.parse(to) ? [] : [{ pointer: 'to', detail: 'does not lie after from' }]
  if (cron === undefined || duration === undefined) return []
  if (!isTimeZone(timeZone)) return [{ pointer: 'timeZone', detail: `"${timeZone}" is no IANA time zone` }]
  const spec = { cron, timeZone, ...(dst && { dst }) }
  const problem = cronProblem(spec, nowMs)
  if (problem !== undefined) return [{ pointer: 'cron', detail: problem }]
  const lastsMs = parseDuration(duration)
  const gapMs = shortestCronGapMs(spec, nowMs)
  return [
    ...(lastsMs < 1_000 || lastsMs > longestMs ? [{ pointer: 'duration', detail: 'from 1s to 31d' }] : []),
    ...(gapMs !== undefined && gapMs < shortestGapMs
      ? [
          {
            pointer: 'cron',
            detail: `starts ${formatDuration(gapMs)} apart: at least ${formatDuration(shortestGapMs)}`,
          },
        ]
      : []),
  ]
}

/** Also that reading the coming year of it takes no longer than whoever plans can wait. */
function icalProblems({ text, timeZone = 'UTC' }: NonNullable<CalendarDocument['ical']>, nowMs: number): Problem[] {
  if (!isTimeZone(timeZone)) return [{ pointer: '/ical/timeZone', detail: `"${timeZone}" is no IANA time zone` }]
  try {
    readIcal(text, timeZone, { fromMs: nowMs - longestMs, untilMs: nowMs + 366 * dayMs })
    return []
  } catch (error) {
    return [{ pointer: '/ical/text', detail: toAppError(error).message }]
  }
}
