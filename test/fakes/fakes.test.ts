import { expect, test } from 'vitest'
import type { PublishClaim } from '../../tasks/deps.ts'
import { fakeMarks } from './fake-marks.ts'
import { fakeStore } from './fake-store.ts'
import { parseSeries } from './series-notation.ts'

test.each([
  { notation: 'up{job="a"} 5 2+3x2 _ stale', values: [5, 2, 5, 8, Number.NaN, Number.NaN] },
  { notation: 'up 4x2 10-1.5x1 _x2 -1e3', values: [4, 4, 4, 10, 8.5, Number.NaN, Number.NaN, -1000] },
])('$notation', ({ notation, values }) => {
  expect(parseSeries(notation).values).toEqual(values)
})

test('what is written to the store in memory can be read back', async () => {
  const store = fakeStore()
  store.load('up{job="a"} 1 2 _', { startMs: 0, stepMs: 10 })
  const series = [{ id: 'x', labels: { mission: 'm' } }]
  await store.writer.write([
    { name: 'anomaly_pred', series, timestampsMs: [10, 20], values: Float64Array.of(7, Number.NaN) },
  ])
  const range = { startMs: 0, endMs: 20, stepMs: 10 }
  expect((await store.reader.queryRange({ query: '{job!=""}', ...range })).series).toEqual([
    { labels: { __name__: 'up', job: 'a' }, values: Float64Array.of(1, 2, Number.NaN) },
  ])
  const outputs = 'last_over_time(anomaly_pred{mission="m",tenant=""}[9ms])'
  expect((await store.reader.queryRange({ query: outputs, ...range, allowOutputs: true })).series).toHaveLength(1)
  expect((await store.reader.queryRange({ query: outputs, ...range })).series).toHaveLength(0)
})

test('a write that fails half-way keeps what it took', async () => {
  const store = fakeStore()
  store.failWriteAfter(1)
  const block = { name: 'a', series: [{ id: 'x', labels: {} }], timestampsMs: [1, 2], values: Float64Array.of(1, 2) }
  await expect(store.writer.write([block])).rejects.toMatchObject({ code: 'WRITE_UNAVAILABLE' })
  expect(store.samples('a')).toHaveLength(1)
  expect(await store.writer.write([block])).toMatchObject({ written: 2 })
  expect(store.conflicts).toEqual([])
})

const mission = { tenant: 'default', mission: 'm' }
const claim = (nominalMs: number, bandKey: string, nonce: string): PublishClaim => ({
  mission,
  ref: { bandKey, nominalMs, kind: 'run', nonce },
  owned: { fromMs: nominalMs + 10, untilMs: nominalMs + 70 },
})

test('marks grant the same range to the same payload, and leave drawn steps to whoever drew them', async () => {
  const marks = fakeMarks()
  const whole = { steps: { fromMs: 10, untilMs: 70 }, undrawnOnly: undefined }
  expect(await marks.claim(claim(0, 'k1', 'a'))).toEqual(whole)
  await marks.claim(claim(60, 'k1', 'b'))
  expect(await marks.claim(claim(0, 'k1', 'a'))).toEqual(whole)
  // computed anew
  expect(await marks.claim(claim(0, 'k1', 'c'))).toEqual({
    steps: { fromMs: 70, untilMs: 70 },
    undrawnOnly: { fromMs: 10, untilMs: 70 },
  })
  // edited: the old band stays as far as it is drawn
  expect(await marks.claim(claim(60, 'k2', 'd'))).toMatchObject({ steps: { fromMs: 130, untilMs: 130 } })
  expect(await marks.claim(claim(120, 'k2', 'e'))).toMatchObject({ steps: { fromMs: 130, untilMs: 190 } })
})
