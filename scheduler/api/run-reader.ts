import { cursorAfter } from '../store/newest-first.ts'
import { filteredPage } from '../store/pages.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { RunReader } from './deps.ts'

/** Above every run id. */
const lastId = '\u{10ffff}'

/** Run records of one tenant, filtered by what the store has no index for. */
export function runReader(store: Pick<RunStore, 'list'>): RunReader {
  return {
    async list(tenant, { state, fromMs = Number.NEGATIVE_INFINITY, toMs, limit, cursor: given, ...filter }) {
      const cursor = given ?? (toMs === undefined ? undefined : cursorAfter({ ms: toMs, id: lastId }))
      const { items, ...rest } = await filteredPage(
        { limit, ...(cursor !== undefined && { cursor }) },
        async (asked) => {
          const page = await store.list({ tenant, ...filter, ...asked })
          const started = page.runs.filter(({ startedMs }) => startedMs > fromMs)
          // they come newest first
          const hasMore = started.length === page.runs.length && page.cursor !== undefined
          return { items: started, ...(hasMore && { cursor: page.cursor }) }
        },
        (run) => state === undefined || run.state === state,
      )
      return { runs: items, ...rest }
    },
  }
}
