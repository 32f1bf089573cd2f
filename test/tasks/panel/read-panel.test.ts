import { expect, test } from 'vitest'
import type { RangeQuery } from '../../../tasks/deps.ts'
import { type PanelQuery, readPanel } from '../../../tasks/panel/read-panel.ts'

async function read(query: PanelQuery) {
  const asked: RangeQuery[] = []
  const reader = {
    async queryRange(range: RangeQuery) {
      asked.push(range)
      return { startMs: range.startMs, stepMs: range.stepMs, length: 1, series: [] }
    },
  }
  const panel = await readPanel({ reader, signal: new AbortController().signal }, query)
  return { asked, panel }
}

test.each([
  { name: 'on the grid', range: { fromMs: 600, untilMs: 1_200 }, startMs: 900, endMs: 1_200 },
  { name: 'between steps', range: { fromMs: 601, untilMs: 1_499 }, startMs: 900, endMs: 1_200 },
  { name: 'of one step', range: { fromMs: 599, untilMs: 600 }, startMs: 600, endMs: 600 },
])('a range $name is asked from its first to its last step', async ({ range, startMs, endMs }) => {
  const { asked } = await read({ query: 'up', range, stepMs: 300, maxSeries: 5, allowOutputs: true })
  expect(asked).toEqual([{ query: 'up', startMs, endMs, stepMs: 300, maxSeries: 5, allowOutputs: true }])
})

test('a range without a step asks nobody', async () => {
  const { asked, panel } = await read({ query: 'up', range: { fromMs: 600, untilMs: 899 }, stepMs: 300 })
  expect([asked, panel.length, panel.series]).toEqual([[], 0, []])
})
