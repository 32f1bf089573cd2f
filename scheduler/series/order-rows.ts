import type { SeriesState } from '../../flows/contexts.ts'
import type { ScoredRow } from '../../tasks/score/judge-panel.ts'

const unwatched: ReadonlySet<SeriesState> = new Set(['no_data', 'lost', 'no_forecast', 'stale_forecast', 'skipped'])

/** Scores above 1, then what is not watched as it should be, then what learns, then the rest; high scores first. */
export function troubleFirst(rows: readonly ScoredRow[]): ScoredRow[] {
  const ranked = rows.map((row) => ({ row, group: groupOf(row), score: Number.isNaN(row.score) ? -1 : row.score }))
  ranked.sort((a, b) => a.group - b.group || b.score - a.score || (a.row.id < b.row.id ? -1 : 1))
  return ranked.map(({ row }) => row)
}

function groupOf({ state, score }: ScoredRow): number {
  if (score > 1) return 0
  if (unwatched.has(state)) return 1
  return state === 'learning' ? 2 : 3
}

/** Somebody may wonder since when: it has no score, or one above 1. */
export const isTroubled = ({ score }: Pick<ScoredRow, 'score'>): boolean => Number.isNaN(score) || score > 1
