import type { Labels } from '../../models/series.ts'

/** One token of Prometheus' own test notation: `5`, `5x3`, `2+3x2`, `10-1x4`, `_`, `_x3`, `stale`. */
const token = /^(?:(_|stale)|(-?(?:[\d.]+(?:e[+-]?\d+)?|NaN|Inf)))(?:([+-][\d.]+))?(?:x(\d+))?$/i

export interface NotedSeries {
  readonly labels: Labels
  /** Gaps and stale markers are NaN. */
  readonly values: readonly number[]
}

/** Reads `up{job="api"} 5 2+3x2 _ stale`: 5, then 2 5 8, then two gaps. */
export function parseSeries(text: string): NotedSeries {
  const parts = /^\s*([a-zA-Z_:][\w:]*)?(\{[^}]*\})?\s*(.*)$/s.exec(text)
  const labels = parseLabels(parts?.[1], parts?.[2])
  return { labels, values: parseValues(parts?.[3] ?? '') }
}

/** Reads the labels of `up{job="api"}`. */
export function parseLabels(name: string | undefined, braces = ''): Labels {
  const labels: Record<string, string> = name ? { __name__: name } : {}
  for (const [, label, value] of braces.matchAll(/(\w+)\s*=\s*("(?:[^"\\]|\\.)*")/g)) {
    labels[label as string] = JSON.parse(value as string)
  }
  return labels
}

export function parseValues(text: string): number[] {
  return text
    .split(/\s+/)
    .filter((part) => part !== '')
    .flatMap(expandToken)
}

function expandToken(part: string): number[] {
  const found = token.exec(part)
  if (!found) throw new Error(`"${part}" is no value of the series notation`)
  const [, gap, number, delta = '0', times] = found
  // a gap repeated n times is n gaps, a value repeated n times is n + 1 values, as in promqltest
  if (gap) return Array.from({ length: Number(times ?? 1) }, () => Number.NaN)
  const first = Number((number as string).replace(/inf$/i, 'Infinity'))
  return Array.from({ length: Number(times ?? 0) + 1 }, (_, i) => first + i * Number(delta))
}
