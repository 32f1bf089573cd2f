import { beforeEach, expect, test } from 'vitest'
import { seriesId } from '../../../models/series.ts'
import type { BandStep } from '../../../tasks/band/fetch-band.ts'
import { fillFromStore } from '../../../tasks/band/fill-from-store.ts'
import { readDrawnBand } from '../../../tasks/publish/read-drawn-band.ts'
import { type FakeDeps, fakeDeps } from '../../fakes/fake-deps.ts'

const mission = { tenant: 'default', mission: 'm' }
const acme = { tenant: 'acme', mission: 'm' }
const grid = { startMs: 0, stepMs: 10 }
const idOf = (labels: Readonly<Record<string, string>>) => seriesId(labels)

let deps: FakeDeps

beforeEach(() => {
  deps = fakeDeps()
  deps.store.load('anomaly_pred{mission="m",job="a"} 1 2 _ 4', grid)
  deps.store.load('anomaly_pred{mission="m",job="b"} 5 6 _ _', grid)
  // in another order
  for (const [metric, add] of [
    ['lower', -1],
    ['upper', 1],
  ] as const) {
    deps.store.load(`anomaly_${metric}{mission="m",job="b"} ${5 + add} ${6 + add}`, grid)
    deps.store.load(`anomaly_${metric}{mission="m",job="a"} ${1 + add} ${2 + add} _ ${4 + add}`, grid)
  }
})

test('rows go by the id of the labels as they were written', async () => {
  const drawn = await readDrawnBand(deps, { mission, gridMs: [0, 10], stepMs: 10 })
  const [a, b] = [idOf({ mission: 'm', job: 'a' }), idOf({ mission: 'm', job: 'b' })]
  expect(drawn?.payload).toBeUndefined()
  expect(drawn?.identities).toEqual([
    { id: a, labels: { mission: 'm', job: 'a' } },
    { id: b, labels: { mission: 'm', job: 'b' } },
  ])
  expect([drawn?.rows.get(a), drawn?.rows.get(b)]).toEqual([0, 1])
  expect(drawn?.bands.get(10)).toEqual({
    pred: Float32Array.of(2, 6),
    lower: Float32Array.of(1, 5),
    upper: Float32Array.of(3, 7),
  })
})

test('steps without a band are no steps', async () => {
  const drawn = await readDrawnBand(deps, { mission, gridMs: [10, 20, 30], stepMs: 10 })
  expect([...(drawn?.bands.keys() ?? [])]).toEqual([10, 30])
  expect(drawn?.bands.get(30)?.pred).toEqual(Float32Array.of(4, Number.NaN))
})

test('asks at the exact grid steps only, so that look-back repeats nothing', async () => {
  await readDrawnBand(deps, { mission: acme, gridMs: [10, 30], stepMs: 10 })
  expect(deps.store.queries).toHaveLength(3)
  expect(deps.store.queries[0]).toEqual({
    query: 'last_over_time(anomaly_pred{mission="m",tenant="acme"}[1ms])',
    ...{ startMs: 10, endMs: 30, stepMs: 10, ownOutputs: true },
  })
})

test.each([
  { name: 'no grid step', query: { mission, gridMs: [], stepMs: 10 } },
  { name: 'another tenant', query: { mission: acme, gridMs: [0], stepMs: 10 } },
  { name: 'another mission', query: { mission: { ...mission, mission: 'n' }, gridMs: [0], stepMs: 10 } },
  { name: 'no band there', query: { mission, gridMs: [40], stepMs: 10 } },
])('$name: nothing', async ({ query }) => {
  expect(await readDrawnBand(deps, query)).toBeUndefined()
})

test('a store that cannot be read fails the run', async () => {
  deps.store.failReads(new TypeError('no') as never, /anomaly_upper/)
  await expect(readDrawnBand(deps, { mission, gridMs: [0], stepMs: 10 })).rejects.toThrow('no')
})

test('only steps that no payload reaches are filled, and only where both ends are drawn', async () => {
  const step = (atMs: number, lowMs: number, highMs: number): BandStep => {
    return { atMs, lowMs, highMs, low: [], high: [], stale: false }
  }
  const served = { ...step(2, 0, 10), low: [{ payload: undefined, rows: new Map(), bands: new Map() }] }
  const steps = [served, step(5, 0, 10), step(12, 10, 20), step(30, 30, 30)]
  const filled = await fillFromStore(deps, mission, { steps, stepMs: 10 })
  expect(filled[0]).toBe(served)
  expect(filled.map(({ low, high }) => [low.length, high.length])).toEqual([
    [1, 0],
    [1, 1],
    [0, 0],
    [1, 1],
  ])
})
