import type { RunRecord } from '../queue/runs.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { RunReader } from './deps.ts'

/** A filter that matches hardly anything ends after so many reads, with a cursor to go on from. */
const maxReads = 20
/** Above every run id. */
const lastId = '\u{10ffff}'

/** Run records of one tenant, filtered by what the store has no index for. */
export function runReader(store: Pick<RunStore, 'list'>): RunReader {
  return {
    async list(tenant, { state, fromMs = Number.NEGATIVE_INFINITY, toMs, limit, cursor: from, ...filter }) {
      const runs: RunRecord[] = []
      let cursor = from ?? (toMs === undefined ? undefined : `${toMs}:${lastId}`)
      for (let reads = 0; reads < maxReads && runs.length < limit; reads++) {
        const page = await store.list({ tenant, ...filter, limit: limit - runs.length, ...(cursor && { cursor }) })
        const started = page.runs.filter(({ startedMs }) => startedMs > fromMs)
        runs.push(...started.filter((run) => state === undefined || run.state === state))
        // they come newest first
        cursor = started.length < page.runs.length ? undefined : page.cursor
        if (cursor === undefined) break
      }
      return { runs, ...(cursor !== undefined && { cursor }) }
    },
  }
}
