import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, toAppError } from '../../models/errors.ts'
import { cellValue, gridOf, instantMs, readTable, type Table } from './table.ts'

/** A real series on a regular grid. */
export interface RealSeries {
  readonly dataset: string
  readonly name: string
  /** Gaps are NaN. */
  readonly values: Float64Array
  readonly stepMs: number
  /** Labelled by step, where anybody did. */
  readonly anomalous?: readonly boolean[]
  /** Most windows taken from it for a context and a horizon. */
  readonly windows: number
}

interface Source {
  /** Of paths within the evaluation data; a file belongs to the first source that it matches. */
  readonly files: RegExp
  readonly dataset: string | ((stepMs: number, file: string) => string)
  readonly windows: number | ((stepMs: number) => number)
  /** Of tables without instants. */
  readonly stepMs?: number
  /** Columns with a smaller share of values are left out. */
  readonly leastFinite?: number
}

const minuteMs = 60_000
const isMinutes = (stepMs: number) => stepMs === minuteMs

const sources: readonly Source[] = [
  { files: /^forecast\/ett\/.*\.csv/, dataset: 'ETT', windows: 14 },
  { files: /^forecast\/petshop\/.*\.csv/, dataset: 'petshop', windows: 3, leastFinite: 0.95 },
  { files: /^forecast\/prophet\/.*_wp_.*\.csv/, dataset: 'Wikipedia', windows: 20 },
  { files: /^forecast\/prophet\/.*_temps.*\.csv/, dataset: 'temperature', windows: 24 },
  { files: /^forecast\/.*\.(csv|csv\.gz)$/, dataset: (_, file) => file.split('/')[1]!, windows: 10 },
  {
    files: /^kpi\/microsoft\/.*\.csv$/,
    dataset: (stepMs) => (isMinutes(stepMs) ? 'KPI minute' : 'KPI hourly'),
    windows: (stepMs) => (isMinutes(stepMs) ? 14 : 6),
  },
  { files: /^kpi\/donut\/.*\.csv$/, dataset: 'donut', windows: 20 },
  { files: /^asd\/.*\/train\.csv\.gz$/, dataset: 'ASD', windows: 3, stepMs: 5 * minuteMs },
  { files: /^smd\/.*\/train\.txt\.gz$/, dataset: 'SMD', windows: 2, stepMs: minuteMs },
]

/**
 * All series of the evaluation data: the forecast sets, and stretches of kpi, asd and smd without anomalies.
 * @throws INVALID_PARAMS naming the file that cannot be read.
 */
export function readSeries(folder: string): RealSeries[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return files.flatMap((file) => {
    const source = sources.find((candidate) => candidate.files.test(file))
    return source ? readFile(join(folder, file), (path) => seriesOf(file, source, readTable(path))) : []
  })
}

function readFile<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path)
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `${path} cannot be read: ${toAppError(error).message}`, { cause: error })
  }
}

function seriesOf(file: string, source: Source, table: Table): RealSeries[] {
  const { stepMs, rows } =
    source.stepMs === undefined
      ? gridOf(table.rows.map(([instant]) => instantMs(instant)))
      : { stepMs: source.stepMs, rows: table.rows.map((_, row) => row) }
  const column = (at: number) =>
    Float64Array.from(rows, (row) => (row === undefined ? Number.NaN : cellValue(table.rows[row]?.[at])))
  const labelAt = table.header.findIndex((name) => name.toLowerCase() === 'label')
  const common = {
    dataset: typeof source.dataset === 'string' ? source.dataset : source.dataset(stepMs, file),
    windows: typeof source.windows === 'number' ? source.windows : source.windows(stepMs),
    stepMs,
    ...(labelAt >= 0 && { anomalous: [...column(labelAt)].map((label) => label > 0) }),
  }
  const firstValue = source.stepMs === undefined ? 1 : 0
  return Array.from({ length: table.rows[0]?.length ?? 0 }, (_, at) => at)
    .filter((at) => at >= firstValue && at !== labelAt)
    .map((at) => ({ ...common, name: `${file} ${at}`, values: column(at) }))
    .filter(({ values }) => isLively(values) && finiteShare(values) >= (source.leastFinite ?? 0))
}

function isLively(values: Float64Array): boolean {
  const first = values.find(Number.isFinite)
  return values.some((value) => Number.isFinite(value) && value !== first)
}

export function finiteShare(values: Float64Array): number {
  return values.reduce((count, value) => count + (Number.isFinite(value) ? 1 : 0), 0) / values.length
}
