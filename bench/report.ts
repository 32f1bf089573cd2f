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

const columns = ['name', 'value', 'unit', 'aim', 'met'] as const

/** A Markdown table, so that it can be pasted into the docs as it is. */
export function formatTable(rows: readonly BenchRow[]): string {
  const cells = rows.map(({ name, value, unit, aim, met }) => [
    name,
    formatValue(value),
    unit,
    aim ?? '',
    met === null ? '' : met ? 'yes' : 'NO',
  ])
  const widths = columns.map((column, c) => Math.max(column.length, ...cells.map((line) => line[c]!.length)))
  const line = (texts: readonly string[]) =>
    `| ${texts.map((text, c) => (c === 1 ? text.padStart(widths[c]!) : text.padEnd(widths[c]!))).join(' | ')} |`
  const rule = `| ${widths.map((width, c) => (c === 1 ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`
  return [line(columns), rule, ...cells.map(line)].join('\n')
}

/** Three figures are more than a benchmark knows. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3).replace(/\.?0+$/, '')
}
