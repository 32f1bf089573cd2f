import { formatDuration } from '../../models/duration.ts'
import type { Covariate } from '../../models/forecaster.ts'
import { type Labels, seriesId } from '../../models/series.ts'
import { type Histories, type History, longestHistory } from './history.ts'
import { type InputProblems, inputProblems, shortText } from './input-problems.ts'
import { isInstant, tryParseInstant } from './instant.ts'

/** A series as a request bears it; null is a gap. */
export interface InlineSeries {
  readonly labels: Labels
  /** Instant of the first value; without it the series ends at `endMs`. */
  readonly start?: string | number
  readonly values: readonly unknown[]
  readonly covariates?: readonly InlineCovariate[]
}

/** Values of the steps of its series, and, where they are known, of those ahead; null is a gap. */
export interface InlineCovariate {
  readonly name: string
  readonly past: readonly unknown[]
  readonly future?: readonly unknown[]
}

export interface InlineOptions {
  readonly stepMs: number
  /** Steps ahead. */
  readonly horizon: number
  /** Where series without a start end. */
  readonly endMs: number
}

/**
 * Series of a request as histories.
 * @throws INVALID_PARAMS naming the first values, starts and label sets that do not fit.
 */
export function seriesHistories(series: readonly InlineSeries[], options: InlineOptions): Histories {
  const { stepMs, endMs } = options
  const problems = inputProblems('series')
  checkNames(series, problems)
  const histories = series.map(({ labels, start, values, covariates }, i): History => {
    const startMs = start === undefined ? endMs - (values.length - 1) * stepMs : tryParseInstant(start)
    if (startMs === undefined) problems.add(`/series/${i}/start`, ...notAnInstant(start))
    const from = Math.max(0, values.length - longestHistory)
    const firstMs = (startMs ?? 0) + from * stepMs
    if (!isInstant(firstMs)) problems.add(`/series/${i}/values`, tooLong(values.length, stepMs))
    const numbers = readValues(values, `/series/${i}/values`, problems).subarray(from)
    const at = { pointer: `/series/${i}/covariates`, length: values.length, horizon: options.horizon }
    const read = covariates && readCovariates(covariates, at, problems)
    return {
      ...{ labels, startMs: firstMs, values: numbers },
      ...(read && { covariates: read.map((each) => ({ ...each, past: each.past.subarray(from) })) }),
    }
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

interface CovariatePlace {
  readonly pointer: string
  /** Of the series, and of the horizon. */
  readonly length: number
  readonly horizon: number
}

function readCovariates(
  covariates: readonly InlineCovariate[],
  { pointer, length, horizon }: CovariatePlace,
  problems: InputProblems,
): Covariate[] {
  return covariates.map(({ name, past, future }, c): Covariate => {
    const at = `${pointer}/${c}`
    if (covariates.findIndex((other) => other.name === name) < c)
      problems.add(`${at}/name`, `"${name}" is the name of another covariate of this series`)
    if (past.length !== length)
      problems.add(`${at}/past`, `covariate "${name}" has ${past.length} past values, its series has ${length}`)
    if (future && future.length !== horizon)
      problems.add(
        `${at}/future`,
        `covariate "${name}" has ${future.length} values ahead, predictionLength is ${horizon}`,
      )
    return {
      ...{ name, past: readValues(past, `${at}/past`, problems) },
      ...(future && { future: readValues(future, `${at}/future`, problems) }),
    }
  })
}

function readValues(values: readonly unknown[], pointer: string, problems: InputProblems): Float64Array {
  return Float64Array.from(values, (value, at) => {
    if (!isValue(value)) problems.add(`${pointer}/${at}`, ...notAValue(value))
    return typeof value === 'number' ? value : Number.NaN
  })
}

const tooLong = (length: number, stepMs: number): string =>
  `${length} values with a step of ${formatDuration(stepMs)} reach beyond the years -6060 to 9999`

/** A finite number, or null for a gap. */
export const isValue = (value: unknown): value is number | null => value === null || Number.isFinite(value)

/** What is wrong with a value, and the cause that it shares with others. */
export type Complaint = readonly [detail: string, cause: string]

export const complaint = (value: unknown, cause: string): Complaint => [`${shortText(value)} ${cause}`, cause]

export const notAValue = (value: unknown): Complaint => complaint(value, 'is no finite number; write null for a gap')

export const notAnInstant = (value: unknown): Complaint =>
  complaint(value, 'is no instant: write 2026-01-31T12:00:00Z, 2026-01-31 or a Unix time')
