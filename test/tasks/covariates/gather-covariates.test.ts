import { describe, expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import type { CovariateQuery, CovariateSpec } from '../../../tasks/covariates/covariate-spec.ts'
import { type CovariatesRequest, gatherCovariates } from '../../../tasks/covariates/gather-covariates.ts'
import { fakeDeps } from '../../fakes/fake-deps.ts'

const stepMs = 60_000
const T = 1_000_000 * stepMs
const targets = [
  { __name__: 'cpu', pod: 'a' },
  { __name__: 'cpu', pod: 'b' },
]

/** A context of four steps up to T, and a horizon of two. */
function gather(
  { queries = [], ...spec }: Partial<CovariateSpec>,
  load: (deps: ReturnType<typeof fakeDeps>) => void = () => {},
  more: Partial<CovariatesRequest> = {},
) {
  const deps = fakeDeps()
  load(deps)
  const range = { fromMs: T - 4 * stepMs, untilMs: T }
  const request = { range, stepMs, horizon: 2, maxContext: 100, maxSeries: 10_000, allowOutputs: false, targets }
  const whole = { calendar: [], events: [], ...spec, queries }
  return { deps, gathered: gatherCovariates(deps, { ...request, ...more, spec: whole }) }
}

const query = (kind: CovariateQuery['kind'], more: Partial<CovariateQuery> = {}): CovariateQuery => ({
  ...{ name: 'load', query: 'load', kind },
  ...more,
})
const fromSecond = { startMs: T - 2 * stepMs, stepMs }
const gap = Number.NaN

describe('a query', () => {
  test('of the past is read over the context, a gap is NaN', async () => {
    const { deps, gathered } = gather({ queries: [query('past')] }, ({ store }) => {
      store.load('load 1 2 _ 9 9', fromSecond)
    })
    const { covariates, use } = await gathered
    expect(deps.store.queries).toMatchObject([{ query: 'load', startMs: T - 3 * stepMs, endMs: T, stepMs }])
    const past = { name: 'load', past: Float64Array.of(gap, 1, 2, gap) }
    expect(covariates).toEqual([[past], [past]])
    expect(covariates[0]?.[0]?.past).toBe(covariates[1]?.[0]?.past)
    expect(use).toEqual({ used: { load: 2 }, missing: {}, unvarying: {}, unknownAhead: {} })
  })

  test('of what is known is read to the end of the horizon', async () => {
    const { gathered } = gather({ queries: [query('known')] }, ({ store }) =>
      store.load('load 1 2 3 4 _ 9', fromSecond),
    )
    const known = { name: 'load', past: Float64Array.of(gap, 1, 2, 3), future: Float64Array.of(4, gap) }
    expect((await gathered).covariates[0]).toEqual([known])
  })

  test('of what is known, of which nothing is, is one of the past that is told of', async () => {
    const { gathered } = gather({ queries: [query('known')] }, ({ store }) => store.load('load 1 2 3', fromSecond))
    expect((await gathered).use).toMatchObject({ used: { load: 2 }, unknownAhead: { load: 2 } })
  })

  test('gives each series its own, by labels; who has none is counted', async () => {
    const { deps, gathered } = gather({ queries: [query('past', { on: ['pod'] })] }, ({ store }) => {
      store.load('load{pod="b",node="n"} 1 2 3', fromSecond)
      store.load('load{pod="c"} 1 2 3', fromSecond)
    })
    const { covariates, use } = await gathered
    expect(covariates.map(({ length }) => length)).toEqual([0, 1])
    expect(use).toMatchObject({ used: { load: 1 }, missing: { load: 1 } })
    expect(deps.metrics.missing).toEqual([1])
  })

  test('with two series for one target is refused, unless one of them has no value', async () => {
    const load = (values: string) => (deps: ReturnType<typeof fakeDeps>) => {
      deps.store.load('load{pod="a",node="n"} 1 2 3', fromSecond)
      deps.store.load(`load{pod="a",node="m"} ${values}`, fromSecond)
    }
    const queries = [query('known', { on: ['pod'] })]
    await expect(gather({ queries }, load('1 2 3')).gathered).rejects.toMatchObject({ code: 'COVARIATE_AMBIGUOUS' })
    // it only begins after the context
    expect((await gather({ queries }, load('_ _ _ 4')).gathered).use).toMatchObject({ used: { load: 1 } })
  })

  test('that answers nothing leaves all without', async () => {
    const { deps, gathered } = gather({ queries: [query('past')] })
    expect((await gathered).use).toEqual({ used: {}, missing: { load: 2 }, unvarying: {}, unknownAhead: {} })
    expect(deps.metrics.missing).toEqual([2])
  })

  test('that never changes is left out, and is not missing', async () => {
    const { deps, gathered } = gather({ queries: [query('known')] }, ({ store }) => store.load('load 1x5', fromSecond))
    const { covariates, use } = await gathered
    expect([covariates, use.unvarying, deps.metrics.missing]).toEqual([[[], []], { load: 2 }, []])
  })

  test('that fails is named, and keeps what is to be done about it', async () => {
    const { gathered } = gather({ queries: [query('past')] }, ({ store }) => {
      store.failReads(new AppError('STORE_BUSY', 'slow down', { retryAfterMs: 7 }), /load/)
    })
    await expect(gathered).rejects.toMatchObject({
      ...{ code: 'STORE_BUSY', message: 'covariate "load": slow down', retryAfterMs: 7 },
    })
  })

  test('that the store refuses is pointed to', async () => {
    const { gathered } = gather(
      { queries: [query('past'), query('past', { name: 'b', query: 'b(' })] },
      ({ store }) => {
        const problems = [{ pointer: '/query', detail: 'parse error' }]
        store.failReads(new AppError('QUERY_REJECTED', 'main: parse error', { problems }), /b/)
      },
    )
    await expect(gathered).rejects.toMatchObject({
      message: 'covariate "b": main: parse error',
      problems: [{ pointer: '/covariates/queries/1/query', detail: 'parse error' }],
    })
  })

  test('with too many series is refused by its name', async () => {
    const { gathered } = gather(
      { queries: [query('past')] },
      ({ store }) => {
        for (let i = 0; i < 11; i++) store.generate({ __name__: 'load', pod: `${i}` }, (ms) => ms)
      },
      { maxSeries: 10 },
    )
    await expect(gathered).rejects.toMatchObject({
      ...{ code: 'TOO_MANY_SERIES', message: expect.stringContaining('covariate "load"') },
    })
  })

  test('of 10,000 series serves as many', async () => {
    const pods = Array.from({ length: 10_000 }, (_, i) => ({ pod: `p${i}` }))
    const { gathered } = gather(
      { queries: [query('past')] },
      ({ store }) => {
        for (const { pod } of pods) store.generate({ __name__: 'load', pod }, (ms) => ms + Number(pod.slice(1)))
      },
      { targets: pods },
    )
    const { covariates, use } = await gathered
    expect(use.used).toEqual({ load: 10_000 })
    expect(covariates[4_711]?.[0]?.past[3]).toBe(T + 4_711)
  })
})

test('what the calendar says is known of context and horizon, and shared', async () => {
  const { deps, gathered } = gather({
    calendar: ['hourOfDay'],
    events: [{ name: 'sale', startMs: T, endMs: T + 90_000 }],
    holidays: { countries: ['DE'] },
  })
  const { covariates, use } = await gathered
  const [first, second] = covariates
  expect(first?.map(({ name, past, future }) => [name, past.length, future?.length])).toEqual([
    ['hourOfDay.sin', 4, 2],
    ['hourOfDay.cos', 4, 2],
    ['sale', 4, 2],
  ])
  expect(first?.[2]).toEqual({ name: 'sale', past: Float64Array.of(0, 0, 0, 1), future: Float64Array.of(1, 0) })
  expect(second?.map(({ past }) => past)).toEqual(first?.map(({ past }) => past))
  expect(use).toMatchObject({ used: { 'hourOfDay.sin': 2, sale: 2 }, unvarying: { holiday: 2 } })
  expect(deps.store.queries).toEqual([])
})

test('nobody to forecast, nothing to read', async () => {
  const { deps, gathered } = gather({ queries: [query('past')] }, undefined, { targets: [] })
  expect((await gathered).covariates).toEqual([])
  expect(deps.store.queries).toEqual([])
})
