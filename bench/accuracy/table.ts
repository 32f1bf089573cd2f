import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface Table {
  /** The line before the first row; empty without one. */
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Comma-separated values, plain or gzipped; lines whose first cell is neither a number nor an instant are no rows. */
export function readTable(path: string): Table {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  const lines = text.replaceAll('"', '').trim().split(/\r?\n/)
  const cells = lines.map((line) => line.split(',').map((cell) => cell.trim()))
  const first = cells.findIndex(([cell]) => Number.isFinite(instantMs(cell)))
  return { header: cells[first - 1] ?? [], rows: first < 0 ? [] : cells.slice(first) }
}

/** Of Unix seconds, or of a date with or without a time of day, in UTC. */
export function instantMs(cell = ''): number {
  if (/^-?\d*\.?\d+(e[+-]?\d+)?$/i.test(cell)) return Number(cell) * 1_000
  if (!/^\d{4}-\d\d-\d\d/.test(cell)) return Number.NaN
  return Date.parse(cell.length === 10 ? cell : cell.replace(' ', 'T').replace(/Z?$/, 'Z'))
}

/** NaN where it is empty. */
export function cellValue(cell: string | undefined): number {
  return cell === undefined || cell === '' ? Number.NaN : Number(cell)
}

export interface Grid {
  readonly stepMs: number
  /** Row of each step of the grid; undefined where there is none. */
  readonly rows: readonly (number | undefined)[]
}

// twenty years of minutes; one instant in another unit makes more
const mostSteps = 10_000_000

/** The regular grid of irregular instants: from the first to the last by their median distance, of several rows the first. */
export function gridOf(instants: readonly number[]): Grid {
  const rowAt = new Map<number, number>()
  for (const [row, ms] of instants.entries()) if (Number.isFinite(ms) && !rowAt.has(ms)) rowAt.set(ms, row)
  const ordered = [...rowAt.keys()].sort((a, b) => a - b)
  const distances = ordered.slice(1).map((ms, i) => ms - ordered[i]!)
  const stepMs = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0
  if (stepMs === 0) return { stepMs, rows: [] }
  const length = Math.floor((ordered.at(-1)! - ordered[0]!) / stepMs) + 1
  if (length > mostSteps) throw new Error(`its instants lie ${length} steps of ${stepMs / 1_000} s apart`)
  return { stepMs, rows: Array.from({ length }, (_, i) => rowAt.get(ordered[0]! + i * stepMs)) }
}
