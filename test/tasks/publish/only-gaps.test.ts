import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { seriesId } from '../../../models/series.ts'
import { onlyGaps } from '../../../tasks/publish/only-gaps.ts'
import { fakeDeps } from '../../fakes/fake-deps.ts'

const mission = { tenant: 'default', mission: 'm' }
const steps = { mission, stepMs: 10, steps: { fromMs: 10, untilMs: 40 } }
const series = ['a', 'b'].map((job) => ({ id: seriesId({ job, mission: 'm' }), labels: { job, mission: 'm' } }))
const score = { name: 'anomaly_score', series, timestampsMs: [20, 30, 40], values: Float64Array.of(7, 8, 9, 4, 5, 6) }

test('what the store has stays as it is, series by series and step by step', async () => {
  const deps = fakeDeps()
  deps.store.load('anomaly_score{job="a",mission="m"} 1 _ 3', { startMs: 20, stepMs: 10 })
  deps.store.load('anomaly_pred{job="b",mission="m"} 1 1 1', { startMs: 20, stepMs: 10 })
  await onlyGaps(deps, steps).write([score])
  const values = (job: string) => deps.store.samples(`anomaly_score{job="${job}"}`).map(({ value }) => value)
  expect([values('a'), values('b')]).toEqual([
    [1, 8, 3],
    [4, 5, 6],
  ])
})

test('a metric is asked for once, however often it is written', async () => {
  const deps = fakeDeps()
  const writer = onlyGaps(deps, steps)
  await writer.write([score])
  await writer.write([score, { ...score, name: 'anomaly_pred' }])
  expect(deps.store.queries.map(({ query }) => query.split('{')[0])).toEqual([
    'last_over_time(anomaly_score',
    'last_over_time(anomaly_pred',
  ])
})

test('nothing is written while the store cannot be read', async () => {
  const deps = fakeDeps()
  deps.store.failReads(new AppError('QUERY_REJECTED', 'no'))
  await expect(onlyGaps(deps, steps).write([score])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(deps.store.sent()).toBe(0)
})
