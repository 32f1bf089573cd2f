import { expect, test } from 'vitest'
import { runReader } from '../../../scheduler/api/run-reader.ts'
import type { RunRecord } from '../../../scheduler/queue/runs.ts'
import { cursorAfter } from '../../../scheduler/store/newest-first.ts'

const run = (n: number, state: RunRecord['state'], tenant = 'default'): RunRecord => ({
  ...{ runId: `r${n}`, kind: 'tick', flow: 'forecast', tenant, mission: 'cpu', nominalMs: n, state, attempt: 1 },
  ...{ worker: 'w', startedMs: n },
})

const before = cursorAfter({ ms: 20, id: '\u{10ffff}' })

/** Pages of a list, the cursor is the position. */
function storeOf(records: readonly RunRecord[]) {
  return {
    async list({ limit, cursor = '0' }: { limit: number; cursor?: string }) {
      const end = Number(cursor) + limit
      return { runs: records.slice(Number(cursor), end), ...(end < records.length && { cursor: `${end}` }) }
    },
  }
}

test('a state is looked for over as many pages as it takes, without losing one', async () => {
  const records = Array.from({ length: 30 }, (_, n) => run(n, n % 5 === 0 ? 'failed' : 'succeeded'))
  const reader = runReader(storeOf(records))
  const first = await reader.list('default', { state: 'failed', limit: 4 })
  expect(first.runs.map(({ runId }) => runId)).toEqual(['r0', 'r5', 'r10', 'r15'])
  const rest = await reader.list('default', { state: 'failed', limit: 4, cursor: first.cursor ?? '' })
  expect(rest).toEqual({ runs: [expect.objectContaining({ runId: 'r20' }), expect.objectContaining({ runId: 'r25' })] })
})

test('a filter that matches nothing ends with a cursor', async () => {
  const records = Array.from({ length: 100 }, (_, n) => run(n, 'succeeded'))
  expect(await runReader(storeOf(records)).list('default', { state: 'lost', limit: 2 })).toEqual({
    runs: [],
    cursor: '40',
  })
})

test('a range of starts ends where runs are older', async () => {
  const asked: (string | undefined)[] = []
  const store = storeOf(Array.from({ length: 30 }, (_, n) => run(30 - n, 'succeeded')))
  const list: (typeof store)['list'] = (query) => {
    asked.push(query.cursor)
    return store.list({ ...query, cursor: query.cursor === before ? '10' : (query.cursor ?? '0') })
  }
  const { runs, cursor } = await runReader({ list }).list('default', { fromMs: 18, toMs: 20, limit: 5 })
  expect(runs.map(({ runId }) => runId)).toEqual(['r20', 'r19'])
  expect({ asked, cursor }).toEqual({ asked: [before], cursor: undefined })
})
