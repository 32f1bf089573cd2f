import { expect, test } from 'vitest'
import type { History } from '../../../tasks/adhoc/history.ts'
import { type HistoryCovariatesRequest, historyCovariates } from '../../../tasks/adhoc/history-covariates.ts'

const hourMs = 3_600_000
const midnightMs = Date.parse('2026-01-31T00:00:00Z')
/** Ends an hour before midnight, unless it is told otherwise. */
const history = (length: number, more: Partial<History> = {}): History => ({
  ...{ labels: {}, startMs: midnightMs - length * hourMs, values: new Float64Array(length) },
  ...more,
})
const ask = (series: readonly History[], spec: Partial<HistoryCovariatesRequest['spec']>) =>
  historyCovariates({
    ...{ series, stepMs: hourMs, horizon: 2, maxContext: 100 },
    spec: { queries: [], calendar: [], events: [], ...spec },
  })

test('each history has the calendar of its own instants', async () => {
  const late = history(3, { startMs: midnightMs - hourMs })
  const { covariates, use } = await ask([history(2), history(4), late], { calendar: ['weekend'] })
  expect(covariates).toEqual([
    [],
    [],
    [{ name: 'weekend', past: Float64Array.of(0, 1, 1), future: Float64Array.of(1, 1) }],
  ])
  expect(use).toMatchObject({ used: { weekend: 1 }, unvarying: { weekend: 2 } })
})

test('those that end together share it, cut to their lengths', async () => {
  const events = [{ name: 'sale', startMs: midnightMs - 2 * hourMs, endMs: midnightMs + hourMs }]
  const { covariates } = await ask([history(3), history(5)], { events })
  const [short, long] = covariates.map(([sale]) => sale)
  expect(short).toEqual({ name: 'sale', past: Float64Array.of(0, 1, 1), future: Float64Array.of(1, 0) })
  expect(long?.past).toEqual(Float64Array.of(0, 0, 0, 1, 1))
  expect(long?.past.buffer).toBe(short?.past.buffer)
})

test('what a history bears itself comes first, and is left out where it says nothing', async () => {
  const covariates = [
    { name: 'price', past: Float64Array.of(1, 2), future: Float64Array.of(Number.NaN, Number.NaN) },
    { name: 'flat', past: Float64Array.of(1, 1) },
    { name: 'none', past: Float64Array.of(Number.NaN, Number.NaN) },
  ]
  const { covariates: found, use } = await ask([history(2, { covariates })], {})
  expect(found[0]?.map(({ name }) => name)).toEqual(['price'])
  expect(use).toEqual({
    ...{ used: { price: 1 }, missing: { none: 1 }, unvarying: { flat: 1 }, unknownAhead: { price: 1 } },
  })
})

test('series that end everywhere are refused with a calendar, not without', async () => {
  const series = Array.from({ length: 201 }, (_, i) => history(2, { startMs: i * hourMs }))
  await expect(ask(series, { calendar: ['weekend'] })).rejects.toThrow('/covariates: series end at 201 instants')
  await expect(ask(series, {})).resolves.toMatchObject({ use: { used: {} } })
})
