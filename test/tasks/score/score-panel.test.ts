import { expect, test } from 'vitest'
import type { BandSource, BandStep } from '../../../tasks/band/fetch-band.ts'
import { indexSeries } from '../../../tasks/panel/index-series.ts'
import { scorePanel } from '../../../tasks/score/score-panel.ts'
import { addChunk, emptySummary, highestScore } from '../../../tasks/score/summarize-scores.ts'

const rules = { direction: 'both', minDeviation: 0, minRelativeDeviation: 0 } as const

/** Every id has the band 0, -1, 1 at all steps. */
function setUp(ids: readonly string[], stepCount: number, values: (s: number, t: number) => number, absent = 0) {
  const zeros = new Float32Array(ids.length)
  const rows = { pred: zeros, lower: zeros.map(() => -1), upper: zeros.map(() => 1) }
  const source: BandSource = {
    ...{ payload: undefined, rows: new Map(ids.map((id, row) => [id, row])) },
    bands: new Map(Array.from({ length: stepCount }, (_, t) => [t, rows])),
  }
  const steps = Array.from({ length: stepCount }, (_, t): BandStep => {
    return { atMs: t, lowMs: t, highMs: t, low: [source], high: [source], stale: false }
  })
  const series = ids.map((id) => ({ id, labels: { id } }))
  const read = series.slice(0, ids.length - absent).map(({ labels }, s) => {
    return { labels, values: Float64Array.from({ length: stepCount }, (_, t) => values(s, t)) }
  })
  return {
    series,
    panel: { startMs: 0, stepMs: 1, length: stepCount, series: read },
    index: indexSeries([source], series, []),
    steps,
    rules,
  }
}

test('one chunk of a small panel, absent series at the end', () => {
  const chunks = [...scorePanel(setUp(['a', 'b', 'c'], 2, (s, t) => s + t / 2, 1))]
  expect(chunks).toHaveLength(1)
  expect([...chunks[0]!.scores]).toEqual([0, 0.5, 1, 1 + Math.log(1.5), Number.NaN, Number.NaN])
  expect([...chunks[0]!.band.pred]).toEqual([0, 0, 0, 0, 0, 0])
})

test('a large window comes in chunks that join without a seam', () => {
  const ids = Array.from({ length: 1_200 }, (_, s) => `${s}`)
  const toScore = setUp(ids, 1_000, (s, t) => (t === 999 ? s / 1_200 : Number.NaN))
  const summary = emptySummary(toScore.series)
  const sizes: number[] = []
  for (const chunk of scorePanel(toScore)) {
    sizes.push(chunk.series.length)
    addChunk(summary, chunk)
  }
  expect(sizes).toEqual([1_000, 200])
  expect(summary.scored).toBe(1_200)
  expect([...summary.last.scores]).toEqual(ids.map((_, s) => s / 1_200))
  expect(summary.last.values).toEqual(summary.last.scores)
  expect(highestScore(summary)).toBe(1_199 / 1_200)
})

test.each([
  { values: [0.5, 3, Number.NaN], highest: 1 + Math.log(3) },
  { values: [Number.NaN, 0], highest: 0 },
  { values: [Number.NaN], highest: Number.NaN },
  { values: [], highest: Number.NaN },
])('the highest of $values scores $highest', ({ values, highest }) => {
  const toScore = setUp(
    values.map((_, s) => `${s}`),
    1,
    (s) => values[s]!,
  )
  const summary = emptySummary(toScore.series)
  for (const chunk of scorePanel(toScore)) addChunk(summary, chunk)
  expect(highestScore(summary)).toBe(highest)
})
