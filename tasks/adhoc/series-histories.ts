import { type Labels, seriesId } from '../../models/series.ts'
import { type Histories, type History, longestHistory } from './history.ts'
import { type InputProblems, inputProblems, shortText } from './input-problems.ts'
import { tryParseInstant } from './instant.ts'

/** A series as a request bears it; null is a gap. */
export interface InlineSeries {
  readonly labels: Labels
  /** Instant of the first value; without it the series ends at `endMs`. */
  readonly start?: string | number
  readonly values: readonly unknown[]
}

export interface InlineOptions {
  readonly stepMs: number
  /** Where series without a start end. */
  readonly endMs: number
}

/**
 * Series of a request as histories.
 * @throws INVALID_PARAMS naming the first values, starts and label sets that do not fit.
 */
export function seriesHistories(series: readonly InlineSeries[], { stepMs, endMs }: InlineOptions): Histories {
  const problems = inputProblems('series')
  checkNames(series, problems)
  const histories = series.map(({ labels, start, values }, i): History => {
    const startMs = start === undefined ? endMs - (values.length - 1) * stepMs : tryParseInstant(start)
    if (startMs === undefined) problems.add(`/series/${i}/start`, notAnInstant(start))
    const from = Math.max(0, values.length - longestHistory)
    const numbers = readValues(values, `/series/${i}/values`, problems).subarray(from)
    return { labels, startMs: (startMs ?? 0) + from * stepMs, values: numbers }
  })
  problems.throwIfAny()
  return { stepMs, series: histories }
}

/** What has no labels is told apart by its place. */
function checkNames(series: readonly InlineSeries[], problems: InputProblems): void {
  const seen = new Map<string, number>()
  for (const [i, { labels }] of series.entries()) {
    if (Object.keys(labels).length === 0) continue
    const id = seriesId(labels)
    const other = seen.get(id)
    if (other !== undefined) problems.add(`/series/${i}/labels`, `the same as those of /series/${other}`)
    seen.set(id, i)
  }
}

function readValues(values: readonly unknown[], pointer: string, problems: InputProblems): Float64Array {
  return Float64Array.from(values, (value, at) => {
    if (!isValue(value)) problems.add(`${pointer}/${at}`, notAValue(value))
    return typeof value === 'number' ? value : Number.NaN
  })
}

/** A finite number, or null for a gap. */
export const isValue = (value: unknown): value is number | null => value === null || Number.isFinite(value)

export const notAValue = (value: unknown): string => `${shortText(value)} is no finite number; write null for a gap`

export function notAnInstant(value: unknown): string {
  return `${shortText(value)} is no instant: write 2026-01-31T12:00:00Z, 2026-01-31 or a Unix time`
}
