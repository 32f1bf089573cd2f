import type { RunRecord } from '../queue/runs.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { RunReader } from './deps.ts'

/** A filter that matches hardly anything ends after so many reads, with a cursor to go on from. */
const maxReads = 20

/** Run records of one tenant, filtered by what the store has no index for. */
export function runReader(store: Pick<RunStore, 'get' | 'list'>): RunReader {
  return {
    async get(tenant, runId) {
      const run = await store.get(runId)
      return run?.tenant === tenant ? run : undefined
    },
    async list(tenant, { state, limit, cursor: from, ...filter }) {
      const runs: RunRecord[] = []
      let cursor = from
      for (let reads = 0; reads < maxReads && runs.length < limit; reads++) {
        const page = await store.list({ tenant, ...filter, limit: limit - runs.length, ...(cursor && { cursor }) })
        runs.push(...page.runs.filter((run) => state === undefined || run.state === state))
        cursor = page.cursor
        if (cursor === undefined) break
      }
      return { runs, ...(cursor !== undefined && { cursor }) }
    },
  }
}
