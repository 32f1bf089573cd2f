import type { Labels } from '../../models/series.ts'
import type { Reading, ReadingState } from './readings.ts'

export interface TableSize {
  readonly columns: number
  readonly rows: number
}

export interface Paint {
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

const plain = (text: string) => text
const inColour = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`

export const noPaint: Paint = { red: plain, green: plain, dim: plain, bold: plain }
export const terminalPaint: Paint = { red: inColour(31), green: inColour(32), dim: inColour(2), bold: inColour(1) }

const numberWidth = 9
const stateWidth = 8

/** Highest scores first, then by name; what does not fit is counted in the last line. */
export function renderTable(readings: readonly Reading[], size: TableSize, paint: Paint): string[] {
  const sorted = readings.toSorted(
    (a, b) => rank(b) - rank(a) || seriesText(a.labels).localeCompare(seriesText(b.labels)),
  )
  const shown = sorted.length > size.rows - 1 ? sorted.slice(0, Math.max(0, size.rows - 2)) : sorted
  const nameWidth = Math.max(20, Math.min(size.columns - 5 * (numberWidth + 1) - stateWidth - 2, widest(shown)))
  const header = ['series'.padEnd(nameWidth), ...['value', 'pred', 'lower', 'upper', 'score'].map(right), ' state']
  const rows = shown.map((reading) => row(reading, nameWidth, paint))
  const hidden = sorted.slice(shown.length)
  return [paint.bold(header.join(' ')), ...rows, ...(hidden.length > 0 ? [paint.dim(restLine(hidden))] : [])]
}

/**
 * `shop_latency{checkout 0.99}`: metric and what tells its series apart; the mission where the query hid the metric. The
 * job is left out where other labels tell enough.
 */
export function seriesText({ metric, mission, job, ...labels }: Labels): string {
  const others = Object.values(labels)
  const values = others.length === 0 && job !== undefined ? [job] : others
  return `${metric ?? mission ?? ''}${values.length > 0 ? `{${values.join(' ')}}` : ''}`
}

const multiples = [
  { unit: 'T', size: 1e12 },
  { unit: 'G', size: 1e9 },
  { unit: 'M', size: 1e6 },
  { unit: 'k', size: 1e3 },
]

/** Four digits that mean something, fewer where a small one would be wider than nine characters: `116.7M`, `0.000446`. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return '-'
  const rounded = Number(value.toPrecision(4))
  const size = Math.abs(rounded)
  const multiple = size >= 10_000 && size < 1e15 ? multiples.find((one) => size >= one.size) : undefined
  if (multiple) return `${Number((rounded / multiple.size).toPrecision(4))}${multiple.unit}`
  const texts = [4, 3, 2, 1].map((digits) => `${Number(value.toPrecision(digits))}`)
  return texts.find((text) => text.length <= numberWidth && !text.includes('e')) ?? value.toExponential(2)
}

function row(reading: Reading, nameWidth: number, paint: Paint): string {
  const { value, pred, lower, upper, score, state } = reading
  const name = seriesText(reading.labels)
  const cells = [
    name.length > nameWidth ? `${name.slice(0, nameWidth - 1)}…` : name.padEnd(nameWidth),
    ...[value, pred, lower, upper].map((number) => right(numberText(number))),
    right(Number.isNaN(score) ? '-' : score.toFixed(2)),
    ` ${state === 'anomaly' ? 'ANOMALY' : state}`,
  ]
  return colourOf(state, paint)(cells.join(' '))
}

function colourOf(state: ReadingState, paint: Paint): (text: string) => string {
  if (state === 'anomaly') return paint.red
  return state === 'ok' ? paint.green : paint.dim
}

const right = (text: string) => text.padStart(numberWidth)
const rank = ({ score }: Reading) => (Number.isNaN(score) ? -1 : score)
const widest = (readings: readonly Reading[]) => Math.max(...readings.map(({ labels }) => seriesText(labels).length), 0)

function restLine(hidden: readonly Reading[]): string {
  const highest = Math.max(...hidden.map(rank))
  return `... and ${hidden.length} more${highest >= 0 ? `, none above ${highest.toFixed(2)}` : ''}`
}
