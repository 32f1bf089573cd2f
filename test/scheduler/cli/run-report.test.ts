import { expect, test } from 'vitest'
import type { DetectResult, ForecastResult } from '../../../flows/contexts.ts'
import { describeRun } from '../../../scheduler/cli/run-report.ts'
import type { ForecastRow } from '../../../scheduler/execution/forecast-rows.ts'

const nominalMs = Date.parse('2026-11-24T12:00:00Z')

test('a forecast run tells what was read, skipped and written', () => {
  const result: ForecastResult = {
    ...{ read: 3, forecast: 2, samplesWritten: 84, samplesDropped: 0, payload: undefined, publishedSteps: undefined },
    skipped: [{ labels: { metric: 'up', job: 'a', instance: 'b' }, reason: 'too few points' }],
    fallback: 'model missing',
    seconds: { read: 0.1234, forecast: 2 },
  }
  expect(describeRun({ flow: 'forecast', nominalMs, result, rows: [] }, false)).toBe(`T 2026-11-24T12:00:00.000Z
3 series read, 2 forecast
the fall-back forecast: model missing
  skipped up{b}: too few points
84 samples written
read 0.12 s, forecast 2.00 s`)
  expect(describeRun({ flow: 'forecast', nominalMs, result, rows: [] }, true)).toContain('dry run: nothing was written')
})

test('a forecast run tells which covariates there were', () => {
  const result = {
    ...{ read: 3, forecast: 3, samplesWritten: 0, skipped: [], payload: undefined, seconds: {} },
    covariates: { used: { load: 2, weekend: 3 }, missing: { load: 1 }, unvarying: { holiday: 3 }, unknownAhead: {} },
  } as unknown as ForecastResult
  expect(describeRun({ flow: 'forecast', nominalMs, result, rows: [] }, false)).toContain(`3 series read, 3 forecast
with covariates: load (2 series), weekend (3 series)
without covariates that are missing: load (1 series)
without covariates that never change in the context: holiday (3 series)
0 samples written`)
})

test('a detect run shows every series with its band, score and state', () => {
  const row = { id: '1', labels: { metric: 'up', instance: 'a' }, value: 2, pred: 1, lower: 0.5, upper: 1.5, score: 2 }
  const result = {
    ...{ read: 2, scored: 2, noBand: false, seconds: { read: 0.5 } },
    rows: [
      { ...row, state: 'ok', reason: 'above the band' },
      { ...row, value: Number.NaN, score: Number.NaN, state: 'no_data', reason: 'no sample' },
    ],
  } as unknown as DetectResult
  expect(describeRun({ flow: 'detect', nominalMs, minPoints: 10, result }, true)).toBe(`T 2026-11-24T12:00:00.000Z
series  value  pred  lower  upper  score  state    reason
up{a}       2     1    0.5    1.5   2.00  ok       above the band
up{a}       -     1    0.5    1.5      -  no_data  no sample
2 series read, 2 scores not written (dry run)
read 0.50 s`)
})

test('a detect run tells how many points a series has, and why the fall-back forecast', () => {
  const noBand = { pred: Number.NaN, lower: Number.NaN, upper: Number.NaN, score: Number.NaN }
  const row = { labels: { mission: 'adhoc', job: 'a' }, ...noBand, value: 2, state: 'learning' as const }
  const rows = [
    { ...row, reason: 'new since the last forecast', points: 4 },
    { ...row, reason: 'new since the last forecast', points: 55, labels: { mission: 'adhoc' } },
  ]
  const result = { read: 2, scored: 0, rows, noBand: false, seconds: {} } as unknown as DetectResult
  const run = { flow: 'detect', nominalMs, minPoints: 10, result, fallback: 'fallback:MODEL_MISSING' } as const
  const lines = describeRun(run, true).split('\n')
  expect(lines[2]).toMatch(/^\{a\} .*learning {2}4 of 10 points$/)
  expect(lines[3]).toMatch(/^\{\} .*learning {2}55 points, all after the T of the forecast$/)
  expect(lines[4]).toBe('the fall-back forecast: fallback:MODEL_MISSING')
})

test('a missing forecast is told with what to do', () => {
  const result = { read: 1, scored: 0, rows: [], noBand: true, seconds: {} } as unknown as DetectResult
  expect(describeRun({ flow: 'detect', nominalMs, minPoints: 10, result }, false)).toContain('run a forecast first')
})

test('a query that returned nothing is told so', () => {
  const result = { read: 0, scored: 0, rows: [], noBand: false, seconds: {} } as unknown as DetectResult
  expect(describeRun({ flow: 'detect', nominalMs, minPoints: 10, result }, true)).toContain(
    'the query returned nothing',
  )
})

const forecastRow = (instance: string): ForecastRow => ({
  labels: { metric: 'up', instance },
  ...{ lastValue: 2, lastMs: nominalMs, startMs: nominalMs + 300_000, stepMs: 300_000 },
  ...{ pred: [1, 1.5, 20_000], lower: [0.5, 1, 10_000], upper: [1.5, 2, Number.NaN] },
})
const forecastResult = {
  read: 1,
  forecast: 1,
  skipped: [],
  samplesWritten: 0,
  seconds: {},
} as unknown as ForecastResult

test('a forecast run shows the next step of every series, and the last', () => {
  const rows = [forecastRow('a')]
  expect(describeRun({ flow: 'forecast', nominalMs, result: forecastResult, rows }, true)).toContain(`
series  last value  next pred  next lower  next upper  end pred  end lower  end upper
up{a}            2          1         0.5         1.5       20k        10k          -
next: 2026-11-24T12:05:00.000Z, end: 2026-11-24T12:15:00.000Z
1 series read, 1 forecast`)
})

test('of many forecasts the first are shown, the rest is counted', () => {
  const rows = Array.from({ length: 45 }, (_, i) => forecastRow(`host-${i}`))
  const text = describeRun({ flow: 'forecast', nominalMs, result: forecastResult, rows }, true)
  expect(text).toContain('up{host-39}')
  expect(text).not.toContain('up{host-40}')
  expect(text).toContain('and 5 more: --json has all of them')
})
