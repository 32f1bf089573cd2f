import type { QueryClient } from '../../tasks/prometheus/query/query-client.ts'
import type { QueryText } from '../../tasks/prometheus/query/query-request.ts'

/** Whether a query has no series at `timeMs`. False as well where the store cannot count them: a scalar, a time-out. */
export async function answersNothing(
  reader: Pick<QueryClient, 'queryInstant'>,
  query: QueryText,
  timeMs: number,
): Promise<boolean> {
  try {
    // on lines of its own, as a query may end in a comment
    const counts = await reader.queryInstant({ ...query, query: `count(\n${query.query}\n)`, timeMs })
    return counts.length === 0
  } catch {
    return false
  }
}
