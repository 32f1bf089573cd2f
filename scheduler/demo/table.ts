import { numberText, numberWidth } from '../terminal/number-text.ts'
import type { Paint } from '../terminal/paint.ts'
import { seriesText } from '../terminal/series-text.ts'
import type { Reading, ReadingState } from './readings.ts'

export interface TableSize {
  readonly columns: number
  readonly rows: number
}

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
