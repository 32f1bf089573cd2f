export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly align?: 'right'
}

/** Columns as wide as their widest cell, the last one not padded. */
export function textTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => (columns[i]?.align === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** `12 s ago`, `in 3 m`. */
export function relativeTime(instant: string | undefined, nowMs: number): string {
  if (instant === undefined) return '-'
  const distanceMs = Date.parse(instant) - nowMs
  const [amount, unit] = largestUnit(Math.abs(distanceMs))
  return distanceMs > 0 ? `in ${amount} ${unit}` : `${amount} ${unit} ago`
}

function largestUnit(ms: number): [number, string] {
  if (ms < 120_000) return [Math.round(ms / 1_000), 's']
  if (ms < 7_200_000) return [Math.round(ms / 60_000), 'min']
  if (ms < 172_800_000) return [Math.round(ms / 3_600_000), 'h']
  return [Math.round(ms / 86_400_000), 'd']
}
