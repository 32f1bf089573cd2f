import { beforeEach, describe, expect, test } from 'vitest'
import { seriesId } from '../../../models/series.ts'
import { explainUnserved } from '../../../tasks/band/explain-unserved.ts'
import type { BandSource, BandStep } from '../../../tasks/band/fetch-band.ts'
import { type FakeDeps, fakeDeps } from '../../fakes/fake-deps.ts'
import { fakePayload, hour, type PayloadFields } from '../../fakes/fake-payload.ts'

const mission = { tenant: 'default', mission: 'm' }
const identity = (job: string) => ({ id: seriesId({ job, mission: 'm' }), labels: { job, mission: 'm' } })
const young = { id: identity('young').id, reason: 'too_few_points', points: 6 }
let deps: FakeDeps

beforeEach(() => {
  deps = fakeDeps()
})

async function source(fields: PayloadFields = {}): Promise<BandSource> {
  const payload = fakePayload(hour, { series: [{ job: 'a' }], ...fields })
  await deps.cache.keep(mission, payload)
  const { rows } = (await deps.cache.series(mission, payload.meta))!
  return { payload: payload.meta, rows, bands: new Map() }
}

const step = (low: BandSource[], stale = false): BandStep => ({ atMs: 1, lowMs: 0, highMs: 5, low, high: low, stale })
const explain = (at: BandStep, ...jobs: string[]) =>
  explainUnserved(deps, mission, { series: jobs.map(identity), step: at, bandKey: 'k1' })

describe('new series', () => {
  test('are those that the forecast in force neither has nor left out', async () => {
    const { skipped, newSeries } = await explain(step([await source({ skipped: [young] })]), 'a', 'young', 'pod')
    expect(newSeries).toEqual([identity('pod')])
    expect([...skipped]).toEqual([[young.id, { reason: 'too_few_points', points: 6 }]])
  })

  test('are not those that a join has or left out', async () => {
    const join = await source({ kind: 'join', series: [{ job: 'pod' }], skipped: [young] })
    const { newSeries, skipped } = await explain(step([await source(), join]), 'pod', 'young', 'other')
    expect(newSeries).toEqual([identity('other')])
    expect(skipped.get(young.id)?.points).toBe(6)
  })

  test.each([
    { when: 'another run stands in', at: async () => step([await source()], true) },
    { when: 'the forecast is of an older key', at: async () => step([await source({ bandKey: 'k0' })]) },
    { when: 'there are joins only', at: async () => step([await source({ kind: 'join' })]) },
    { when: 'there is no forecast', at: async () => step([]) },
    {
      when: 'the band is from the store',
      at: async () => step([{ payload: undefined, rows: new Map(), bands: new Map() }]),
    },
  ])('none when $when', async ({ at }) => {
    expect((await explain(await at(), 'pod')).newSeries).toEqual([])
  })
})

test('a panel that is served whole asks for nothing', async () => {
  deps.cache.skipped = async () => {
    throw new Error('asked')
  }
  expect(await explain(step([await source()]))).toEqual({ skipped: new Map(), newSeries: [] })
})
