import { beforeEach, expect, test } from 'vitest'
import type { BandSource, BandStep } from '../../../tasks/band/fetch-band.ts'
import { findAbsentSeries } from '../../../tasks/panel/find-absent-series.ts'
import { type FakeDeps, fakeDeps } from '../../fakes/fake-deps.ts'
import { fakePayload, hour, minute } from '../../fakes/fake-payload.ts'

const mission = { tenant: 'default', mission: 'm' }
let deps: FakeDeps

beforeEach(() => {
  deps = fakeDeps()
})

async function kept(nominalMs: number, jobs: readonly string[], kind: 'run' | 'join' = 'run') {
  const payload = fakePayload(nominalMs, { series: jobs.map((job) => ({ job })), kind })
  await deps.cache.keep(mission, payload)
  const { rows } = (await deps.cache.series(mission, payload.meta))!
  const source: BandSource = { payload: payload.meta, rows, bands: new Map() }
  return { source, series: payload.series }
}

const step = (...low: BandSource[]): BandStep => ({ atMs: 1, lowMs: 0, highMs: 5, low, high: low, stale: false })

test('what has a forecast and was not returned is absent, with its labels', async () => {
  const run = await kept(hour, ['a', 'b', 'c'])
  const present = [run.series[1]!]
  expect(await findAbsentSeries(deps, mission, { present, steps: [step(run.source)] })).toEqual([
    { id: run.series[0]!.id, labels: { job: 'a', mission: 'm' } },
    { id: run.series[2]!.id, labels: { job: 'c', mission: 'm' } },
  ])
})

test('joins count, and nothing counts twice', async () => {
  const run = await kept(hour, ['a'])
  const join = await kept(hour + minute, ['a', 'b'], 'join')
  const steps = [step(run.source), step(run.source, join.source)]
  const absent = await findAbsentSeries(deps, mission, { present: [], steps })
  expect(absent.map(({ labels }) => labels.job)).toEqual(['a', 'b'])
})

test('a full panel asks for no labels', async () => {
  const run = await kept(hour, ['a'])
  deps.cache.flush()
  expect(await findAbsentSeries(deps, mission, { present: run.series, steps: [step(run.source)] })).toEqual([])
})

test('a band from the store brings its labels along', async () => {
  const identities = [{ id: 'x', labels: { job: 'a' } }]
  const drawn: BandSource = { payload: undefined, rows: new Map([['x', 0]]), bands: new Map(), identities }
  expect(await findAbsentSeries(deps, mission, { present: [], steps: [step(drawn)] })).toEqual(identities)
})
