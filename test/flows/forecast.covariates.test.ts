import { expect, test } from 'vitest'
import { forecast } from '../../flows/forecast.ts'
import type { ForecastParams } from '../../flows/params.ts'
import { takesNoCovariates } from '../../tasks/covariates/takes-no-covariates.ts'
import { fakeDeps, fakeForecaster } from '../fakes/fake-deps.ts'
import { params as base, context, hourMs, stepMs, T } from '../fakes/forecast-world.ts'

const able = fakeForecaster('able', { takesCovariates: true })

function world() {
  const deps = fakeDeps({ forecasters: [able, fakeForecaster('flat')] })
  able.requests.length = 0
  for (const host of ['a', 'b']) {
    deps.store.generate({ __name__: 'cpu', host }, (ms) => ms % 7)
    deps.store.generate({ __name__: 'plan', host }, (ms) => (host === 'a' ? ms / stepMs : Number.NaN))
  }
  const run = (fields: Partial<ForecastParams>) => forecast.run(deps, { ...base, model: 'able', ...fields }, context(T))
  return { deps, run }
}

const plan = { name: 'plan', query: 'plan', kind: 'known' as const, on: ['host'] }

test('a mission is forecast with its covariates, over context and horizon, and says which there were', async () => {
  const { deps, run } = world()
  const result = await run({ covariates: { queries: [plan], calendar: ['weekend'] } })
  expect(
    deps.store.queries.map(({ query, startMs, endMs }) => [query, (startMs - T) / stepMs, (endMs - T) / stepMs]),
  ).toEqual([
    ['cpu', -288, -1],
    ['plan', -288, 63],
  ])
  const [request] = able.requests
  expect(request?.covariates?.map((each) => each.map(({ name }) => name))).toEqual([['plan'], []])
  const [{ past, future } = { past: undefined, future: undefined }] = request?.covariates?.[0] ?? []
  expect([past?.length, past?.at(-1), future?.[0], future?.length]).toEqual([288, T / stepMs - 1, T / stepMs, 64])
  expect(result.covariates).toEqual({
    used: { plan: 1 },
    missing: { plan: 1 },
    unvarying: { weekend: 2 },
    unknownAhead: {},
  })
  expect(Object.keys(result.seconds)).toEqual(['read', 'covariates', 'forecast', 'keep', 'write'])
})

test('what is owned further ahead than the horizon is known as far', async () => {
  const { deps } = world()
  const owned = { fromMs: T, untilMs: T + 10 * hourMs }
  const params = { ...base, model: 'able', covariates: { queries: [plan] } }
  await forecast.run(deps, params, context(T, { owned }))
  expect(able.requests[0]?.covariates?.[0]?.[0]?.future).toHaveLength(121)
})

test('series are forecast together by labels, or all of them', async () => {
  const { run } = world()
  await run({ groupBy: ['host'] })
  await run({ crossLearning: true, bandKey: 'k2' })
  expect(able.requests.map(({ groups }) => groups?.map(({ length }) => length))).toEqual([undefined, [2]])
})

test('a model that takes none leaves the mission to its fall-back, with a reason', async () => {
  const { run } = world()
  const result = await run({ model: 'flat', fallback: 'flat', covariates: { queries: [plan] } })
  expect(result).toMatchObject({
    fallback: 'fallback:UNSUPPORTED',
    fallbackDetail: takesNoCovariates('flat'),
    samplesWritten: 72,
  })
})

test('without covariates nothing is said of them', async () => {
  const { run } = world()
  const result = await run({})
  expect(result).not.toHaveProperty('covariates')
  expect(able.requests[0]).not.toHaveProperty('covariates')
})
