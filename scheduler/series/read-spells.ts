import { type MissionName, seriesId } from '../../models/series.ts'
import type { SeriesReader } from '../../tasks/deps.ts'
import { outputAtStep } from '../../tasks/panel/output-selector.ts'
import type { ScoredRow } from '../../tasks/score/judge-panel.ts'

export interface SpellQuery {
  readonly mission: MissionName
  readonly rows: readonly Pick<ScoredRow, 'id' | 'labels' | 'score'>[]
  readonly atMs: number
  readonly detectStepMs: number
}

/** A day of minutes: 144,000 points for a page of 100 series. */
const mostSteps = 1_440

/** VictoriaMetrics takes queries of 16 KiB. */
const longestQuery = 8_192

export const spellReachMs = (detectStepMs: number): number => Math.min(86_400_000, mostSteps * detectStepMs)

/**
 * The first step at which series began to have no score, or scores above 1, by id, read from the scores in the store.
 * A series that has had no score for as long as is looked back is missing.
 */
export async function readSpells(
  reader: SeriesReader,
  { mission, rows, atMs, detectStepMs }: SpellQuery,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const startMs = atMs - spellReachMs(detectStepMs)
  const scores = new Map<string, Float64Array>()
  for (const query of joined(rows.map(({ labels }) => outputAtStep('anomaly_score', mission, labels)))) {
    const range = { query, startMs, endMs: atMs, stepMs: detectStepMs, ownOutputs: true }
    const { series } = await reader.queryRange(range, signal)
    for (const { labels, values } of series) {
      const { __name__, ...written } = labels
      scores.set(seriesId(written), values)
    }
  }
  return new Map(
    rows.flatMap(({ id, score }) => {
      const begin = beginOfSpell(scores.get(id) ?? new Float64Array(), score > 1)
      return begin === undefined ? [] : [[id, startMs + begin * detectStepMs]]
    }),
  )
}

/** As few queries as their length allows. */
function joined(parts: readonly string[]): string[] {
  const queries: string[] = []
  for (const part of parts) {
    const last = queries.at(-1)
    if (last !== undefined && last.length + part.length < longestQuery)
      queries[queries.length - 1] = `${last} or ${part}`
    else queries.push(part)
  }
  return queries
}

/** Index of its first step. A step without a score does not end scores above 1. */
export function beginOfSpell(scores: Float64Array, isOutside: boolean): number | undefined {
  const isBefore = (score: number) => (isOutside ? score <= 1 : !Number.isNaN(score))
  const before = scores.findLastIndex(isBefore)
  if (!isOutside) return before < 0 ? undefined : before + 1
  const begin = scores.findIndex((score, i) => i > before && !Number.isNaN(score))
  return begin < 0 ? undefined : begin
}
