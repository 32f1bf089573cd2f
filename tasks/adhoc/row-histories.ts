import { type Histories, type History, longestHistory } from './history.ts'
import { type InputProblems, inputProblems, invalidInput, shortText } from './input-problems.ts'
import { tryParseInstant } from './instant.ts'
import { isValue, notAnInstant, notAValue } from './series-histories.ts'

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
  for (const points of byId.values()) checkGrid(points, { stepMs: step, column: columns.timestamp }, problems)
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
    problems.add(`/rows/${row}`, `${shortText(cells)} is no row: write {"${timestamp}": ..., "${target}": ...}`)
    return undefined
  }
  const complain = (column: string, explain: (value: unknown) => string) =>
    problems.add(
      `/rows/${row}/${escaped(column)}`,
      hasColumn(cells, column) ? explain(cellOf(cells, column)) : missing(cells),
    )
  const id = columns.id === undefined ? '' : readId(cellOf(cells, columns.id))
  const ms = tryParseInstant(cellOf(cells, timestamp))
  const value = cellOf(cells, target)
  if (id === undefined) complain(columns.id ?? '', notAName)
  if (ms === undefined) complain(timestamp, notAnInstant)
  if (!isValue(value)) complain(target, notAValue)
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

const notAName = (value: unknown): string =>
  `${shortText(value)} names no series: write a text of up to 1,000 characters`

const missing = (row: object): string => `is missing; this row has ${shortText(Object.keys(row).join(', '))}`

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
}

function checkGrid(points: readonly Point[], { stepMs, column }: Grid, problems: InputProblems): void {
  for (let i = 1; i < points.length; i++) {
    const before = points[i - 1]!
    const { row, ms } = points[i]!
    const at = `/rows/${row}/${escaped(column)}`
    if (ms === before.ms) problems.add(at, `the same instant as row ${before.row} of this series`)
    else if (ms < before.ms) problems.add(at, `earlier than row ${before.row} of this series: sort rows by time`)
    else if ((ms - before.ms) % stepMs !== 0)
      problems.add(
        at,
        `${(ms - before.ms) / 1_000} s after row ${before.row}, no multiple of the step, ${stepMs / 1_000} s`,
      )
  }
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
