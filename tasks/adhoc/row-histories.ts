import { formatDuration } from '../../models/duration.ts'
import { type Histories, type History, longestHistory } from './history.ts'
import { type InputProblems, inputProblems, invalidInput, shortText } from './input-problems.ts'
import { tryParseInstant } from './instant.ts'
import { type Complaint, complaint, isValue, notAnInstant, notAValue } from './series-histories.ts'

export interface RowColumns {
  /** Absent: `id` where the first row has it, else all rows are one series. */
  readonly id?: string | undefined
  readonly timestamp: string
  readonly target: string
}

export interface RowOptions {
  readonly columns: RowColumns
  /** Absent: the shortest distance of two rows of a series. */
  readonly stepMs?: number | undefined
  /** Most steps of all series together, gaps included: a few rows far apart could ask for any amount. */
  readonly maxPoints: number
}

interface Point {
  readonly row: number
  readonly ms: number
  readonly value: number
}

/**
 * A long table, one value of one series a row, as histories. Rows of a series are in order; steps without a row are gaps.
 * @throws INVALID_PARAMS naming rows and columns: no instant, no number, not in order, twice, off the grid.
 */
export function rowHistories(rows: readonly unknown[], { columns, stepMs, maxPoints }: RowOptions): Histories {
  const idColumn = columns.id ?? (hasColumn(rows[0], 'id') ? 'id' : undefined)
  const problems = inputProblems('rows')
  const byId = readPoints(rows, { ...columns, id: idColumn }, problems)
  problems.throwIfAny()
  const step = stepMs ?? shortestDistance([...byId.values()])
  if (step === undefined) throw invalidInput('/step', 'is missing: no series has two rows to tell it from')
  checkGrids([...byId.values()], { stepMs: step, column: columns.timestamp, isNamed: idColumn !== undefined }, problems)
  problems.throwIfAny()
  let steps = 0
  for (const points of byId.values()) steps += stepsOf(points, step)
  if (steps > maxPoints)
    throw invalidInput('/rows', `with gaps they fill ${steps} steps of ${step / 1_000} s; at most ${maxPoints}`)
  const series = [...byId].map(([id, points]): History => {
    return { labels: idColumn === undefined ? {} : { [idColumn]: id }, ...onGrid(points, step) }
  })
  return { stepMs: step, series }
}

function readPoints(rows: readonly unknown[], columns: RowColumns, problems: InputProblems): Map<string, Point[]> {
  const byId = new Map<string, Point[]>()
  for (const [row, cells] of rows.entries()) {
    const read = readRow(row, cells, columns, problems)
    if (!read) continue
    const points = byId.get(read.id)
    if (points) points.push(read)
    else byId.set(read.id, [read])
  }
  return byId
}

function readRow(row: number, cells: unknown, columns: RowColumns, problems: InputProblems) {
  const { timestamp, target } = columns
  if (typeof cells !== 'object' || cells === null) {
    problems.add(`/rows/${row}`, ...complaint(cells, `is no row: write {"${timestamp}": ..., "${target}": ...}`))
    return undefined
  }
  const complain = (what: keyof RowColumns, explain: (value: unknown) => Complaint) => {
    const column = columns[what] ?? ''
    const found = hasColumn(cells, column) ? explain(cellOf(cells, column)) : missing(cells, what)
    problems.add(`/rows/${row}/${escaped(column)}`, ...found)
  }
  const id = columns.id === undefined ? '' : readId(cellOf(cells, columns.id))
  const ms = tryParseInstant(cellOf(cells, timestamp))
  const value = cellOf(cells, target)
  if (id === undefined) complain('id', notAName)
  if (ms === undefined) complain('timestamp', notAnInstant)
  if (!isValue(value)) complain('target', notAValue)
  if (id === undefined || ms === undefined || !isValue(value)) return undefined
  return { id, row, ms, value: value ?? Number.NaN }
}

const hasColumn = (row: unknown, column: string): boolean => Object.hasOwn(Object(row), column)
const cellOf = (row: object, column: string): unknown =>
  Object.hasOwn(row, column) ? (row as Record<string, unknown>)[column] : undefined
const escaped = (column: string): string => column.replaceAll('~', '~0').replaceAll('/', '~1')

function readId(value: unknown): string | undefined {
  const isName = (typeof value === 'string' && value.length <= 1_000) || typeof value === 'number'
  return isName ? `${value}` : undefined
}

const notAName = (value: unknown): Complaint =>
  complaint(value, 'names no series: write a text of up to 1,000 characters')

function missing(row: object, what: keyof RowColumns): Complaint {
  const detail = `is missing; this row has ${shortText(Object.keys(row).join(', '))}: name its column by ${what}Column`
  return [detail, `${what} is missing`]
}

function shortestDistance(series: readonly (readonly Point[])[]): number | undefined {
  let shortest = Number.POSITIVE_INFINITY
  for (const points of series) {
    for (let i = 1; i < points.length; i++) {
      const distance = Math.abs(points[i]!.ms - points[i - 1]!.ms)
      if (distance > 0 && distance < shortest) shortest = distance
    }
  }
  return Number.isFinite(shortest) ? shortest : undefined
}

interface Grid {
  readonly stepMs: number
  readonly column: string
  /** Whether a column tells series apart. */
  readonly isNamed: boolean
}

function checkGrids(series: readonly (readonly Point[])[], grid: Grid, problems: InputProblems): void {
  const long = series.filter(({ length }) => length > 1)
  if (long.length > 0 && long.every(isBackwards))
    problems.add('/rows', 'they run from the newest to the oldest: sort them by time')
  else for (const points of long) checkGrid(points, grid, problems)
}

const isBackwards = (points: readonly Point[]): boolean =>
  points.every(({ ms }, i) => i === 0 || ms < points[i - 1]!.ms)

function checkGrid(points: readonly Point[], { stepMs, column, isNamed }: Grid, problems: InputProblems): void {
  const ofSeries = isNamed
    ? 'of this series'
    : '(if rows are of several series, name the column that says which by idColumn)'
  for (let i = 1; i < points.length; i++) {
    const before = points[i - 1]!
    const { row, ms } = points[i]!
    const say = (detail: string, cause: string) => problems.add(`/rows/${row}/${escaped(column)}`, detail, cause)
    const distanceMs = ms - before.ms
    const other = `/rows/${before.row}`
    if (distanceMs === 0) say(`the same instant as ${other} ${ofSeries}`, 'twice')
    else if (distanceMs < 0) say(`earlier than ${other} ${ofSeries}: sort rows by time`, 'earlier')
    else if (distanceMs % stepMs !== 0)
      say(`${formatDuration(distanceMs)} after ${other}, ${notOfStep(distanceMs, stepMs)}`, 'off the grid')
  }
}

const dayMs = 86_400_000

function notOfStep(distanceMs: number, stepMs: number): string {
  const text = `no multiple of the step, ${formatDuration(stepMs)}`
  const areMonths = distanceMs % dayMs === 0 && distanceMs >= 28 * dayMs && stepMs >= 28 * dayMs
  if (!areMonths) return text
  return `${text}: months are no step, since they differ in length; give the values alone, as series (NDJSON) with a step of 30d`
}

/** Only the newest of a very long history are kept. */
function stepsOf(points: readonly Point[], stepMs: number): number {
  return Math.min((points.at(-1)!.ms - points[0]!.ms) / stepMs + 1, longestHistory)
}

function onGrid(points: readonly Point[], stepMs: number): Omit<History, 'labels'> {
  const length = stepsOf(points, stepMs)
  const startMs = points.at(-1)!.ms - (length - 1) * stepMs
  const values = new Float64Array(length).fill(Number.NaN)
  for (const { ms, value } of points) if (ms >= startMs) values[(ms - startMs) / stepMs] = value
  return { startMs, values }
}
