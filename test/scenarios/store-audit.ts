import type { Labels } from '../../models/series.ts'

export interface StoredSeries {
  readonly labels: Labels
  readonly timestampsMs: readonly number[]
  readonly values: readonly number[]
}

/** Raw samples as VictoriaMetrics holds them, before any deduplication by queries. */
export async function exportSeries(url: string, selector: string): Promise<StoredSeries[]> {
  const response = await fetch(`${url}/api/v1/export?reduce_mem_usage=1`, {
    method: 'POST',
    body: new URLSearchParams({ 'match[]': selector, start: '0', end: String((Date.now() + 3 * 86_400_000) / 1_000) }),
  })
  if (!response.ok) throw new Error(`export of ${selector}: ${response.status} ${await response.text()}`)
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const { metric, values, timestamps } = JSON.parse(line) as {
      metric: Labels
      values: number[]
      timestamps: number[]
    }
    return { labels: metric, values, timestampsMs: timestamps }
  })
}

export const seriesName = ({ __name__ = '', ...labels }: Labels): string =>
  `${__name__}${JSON.stringify(Object.fromEntries(Object.entries(labels).sort()))}`

/** Samples by series and instant; several blocks of one series (as export may print them) are joined. */
export function samplesByInstant(series: readonly StoredSeries[]): Map<string, Map<number, number[]>> {
  const all = new Map<string, Map<number, number[]>>()
  for (const { labels, timestampsMs, values } of series) {
    const name = seriesName(labels)
    const instants = all.get(name) ?? new Map<number, number[]>()
    all.set(name, instants)
    for (const [i, t] of timestampsMs.entries()) instants.set(t, [...(instants.get(t) ?? []), values[i] as number])
  }
  return all
}

/**
 * Instants that hold two different values: a step that was rewritten. Equal values are one sample under 1 ms dedup. They
 * are compared in the single precision that bands are kept in: the store scales the decimals of each block on its own, and
 * the same bytes sent twice may come back with another 16th digit.
 */
export function rewrittenSteps(series: readonly StoredSeries[]): string[] {
  const rewritten: string[] = []
  for (const [name, instants] of samplesByInstant(series)) {
    for (const [t, values] of instants) {
      if (new Set(values.map(Math.fround)).size > 1)
        rewritten.push(`${name} at ${new Date(t).toISOString()}: ${values.join(', ')}`)
    }
  }
  return rewritten
}

/** Steps of `(fromMs, untilMs]` without a sample, by series name. */
export function missingSteps(
  series: readonly StoredSeries[],
  { fromMs, untilMs, stepMs }: { readonly fromMs: number; readonly untilMs: number; readonly stepMs: number },
): string[] {
  const missing: string[] = []
  for (const [name, instants] of samplesByInstant(series)) {
    for (let t = Math.floor(fromMs / stepMs) * stepMs + stepMs; t <= untilMs; t += stepMs) {
      if (!instants.has(t)) missing.push(`${name} at ${new Date(t).toISOString()}`)
    }
  }
  return missing
}
