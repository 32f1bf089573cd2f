import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { seriesId } from '../../../models/series.ts'
import type { PayloadMeta } from '../../../tasks/deps.ts'
import { drawnSeries } from '../../../tasks/publish/drawn-series.ts'
import { fakeDeps } from '../../fakes/fake-deps.ts'

const mission = { tenant: 'default', mission: 'm' }
const query = { mission, stepMs: 10, steps: { fromMs: 10, untilMs: 40 }, payloads: [] }
const idOf = (job: string) => seriesId({ job, mission: 'm' })

function meta(nonce: string, published?: PayloadMeta['published']): PayloadMeta {
  return {
    ...{ bandKey: 'k', nominalMs: 0, kind: 'run', nonce, scopeKey: 's', startMs: 20, stepMs: 10, horizon: 3 },
    ...{ seriesCount: 1, owned: { fromMs: 10, untilMs: 40 }, model: 'flat' },
    ...(published ? { published } : {}),
  }
}

test('the store tells what is drawn, step by step, of this mission only', async () => {
  const deps = fakeDeps()
  deps.store.load('anomaly_pred{job="a",mission="m"} 1 _ 3', { startMs: 20, stepMs: 10 })
  deps.store.load('anomaly_pred{job="c",mission="m",tenant="other"} 1', { startMs: 20, stepMs: 10 })
  deps.store.load('anomaly_pred{job="b",mission="other"} 1 2 3', { startMs: 20, stepMs: 10 })
  const drawn = await drawnSeries(deps, query)
  expect([20, 30, 40].map((ms) => drawn(idOf('a'), ms))).toEqual([true, false, true])
  expect(drawn(seriesId({ job: 'c', mission: 'm', tenant: 'other' }), 20)).toBe(false)
  expect(drawn(idOf('b'), 20)).toBe(false)
  expect(deps.store.queries).toEqual([
    {
      query: 'last_over_time(anomaly_pred{mission="m",tenant=""}[1ms])',
      ...{ startMs: 20, endMs: 40, stepMs: 10, ownOutputs: true },
    },
  ])
})

test('published payloads tell what the store does not show yet', async () => {
  const deps = fakeDeps()
  const series = [{ id: idOf('a'), labels: {} }]
  for (const nonce of ['published', 'kept only']) {
    const bandKey = nonce
    await deps.cache.keep(mission, { meta: { ...meta(nonce), bandKey }, series, steps: [], skipped: [] })
  }
  const published = { ...meta('published', { fromMs: 10, untilMs: 30 }), bandKey: 'published' }
  const drawn = await drawnSeries(deps, { ...query, payloads: [published] })
  expect([10, 20, 30, 40].map((ms) => drawn(idOf('a'), ms))).toEqual([false, true, true, false])
  const keptOnly = await drawnSeries(deps, { ...query, payloads: [{ ...meta('kept only'), bandKey: 'kept only' }] })
  expect(keptOnly(idOf('a'), 20)).toBe(false)
})

test.each([
  { thrown: 'STORE_UNAVAILABLE', code: 'STORE_UNAVAILABLE' },
  { thrown: 'STORE_BUSY', code: 'STORE_BUSY' },
  { thrown: 'QUERY_REJECTED', code: 'STORE_UNAVAILABLE' },
] as const)('a store that answers $thrown is worth another attempt', async ({ thrown, code }) => {
  const deps = fakeDeps()
  deps.store.failReads(new AppError(thrown, 'no'))
  await expect(drawnSeries(deps, query)).rejects.toMatchObject({ code, retryable: true })
})

test('no step, no question', async () => {
  const deps = fakeDeps()
  await drawnSeries(deps, { ...query, steps: { fromMs: 21, untilMs: 29 } })
  expect(deps.store.queries).toEqual([])
})
