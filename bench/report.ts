/** One measured figure; `bench --json FILE` writes these. */
export interface BenchRow {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** Such as `<= 6`, in the row's unit; null where there is none. */
  readonly aim: string | null
  readonly met: boolean | null
}

export function row(name: string, value: number, unit: string, aim?: string): BenchRow {
  return { name, value, unit, aim: aim ?? null, met: aim === undefined ? null : isMet(value, aim) }
}

/** NaN, a figure that could not be measured, meets no aim. Two bounds are joined by `and`. */
export function isMet(value: number, aim: string): boolean {
  return aim.split(' and ').every((bound) => isWithin(value, bound))
}

function isWithin(value: number, aim: string): boolean {
  const [, comparison, text] = /^(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)$/.exec(aim) ?? []
  const bound = Number(text)
  if (comparison === undefined) throw new RangeError(`aim "${aim}": write <=, <, >= or > and a number`)
  if (comparison === '<=') return value <= bound
  if (comparison === '<') return value < bound
  return comparison === '>=' ? value >= bound : value > bound
}

/** The middle one of an odd number of measurements: one that was disturbed does not count. */
export function median<T>(values: readonly T[], by: (value: T) => number): T {
  return [...values].sort((a, b) => by(a) - by(b))[values.length >> 1]!
}

/** Of cells, the first line being titles; these columns are aligned right. A terminal shows it as well as Markdown does. */
export function markdownTable(lines: readonly (readonly string[])[], isRight: (column: number) => boolean): string {
  const [titles = [], ...rows] = lines
  const widths = titles.map((_, c) => Math.max(3, ...lines.map((line) => line[c]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, c) => (isRight(c) ? text.padStart(widths[c]!) : text.padEnd(widths[c]!))).join(' | ')} |`
  const rule = widths.map((width, c) => (isRight(c) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [titles, rule, ...rows].map(line).join('\n')
}

const columns = ['name', 'value', 'unit', 'aim', 'met']

/** Can be pasted into the docs as it is. */
export function formatTable(rows: readonly BenchRow[]): string {
  const cells = rows.map(({ name, value, unit, aim, met }) => [
    name,
    formatValue(value),
    unit,
    aim ?? '',
    met === null ? '' : met ? 'yes' : 'NO',
  ])
  return markdownTable([columns, ...cells], (column) => column === 1)
}

/** Three figures are more than a benchmark knows. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3).replace(/\.?0+$/, '')
}
