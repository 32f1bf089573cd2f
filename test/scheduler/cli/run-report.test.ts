import { expect, test } from 'vitest'
import type { DetectResult, ForecastResult } from '../../../flows/contexts.ts'
import { describeRun } from '../../../scheduler/cli/run-report.ts'

const nominalMs = Date.parse('2026-11-24T12:00:00Z')

test('a forecast run tells what was read, skipped and written', () => {
  const result: ForecastResult = {
    ...{ read: 3, forecast: 2, samplesWritten: 84, samplesDropped: 0, payload: undefined, publishedSteps: undefined },
    skipped: [{ labels: { metric: 'up', job: 'a', instance: 'b' }, reason: 'too few points' }],
    fallback: 'model missing',
    seconds: { read: 0.1234, forecast: 2 },
  }
  expect(describeRun({ flow: 'forecast', nominalMs, result }, false)).toBe(`T 2026-11-24T12:00:00.000Z
3 series read, 2 forecast
the fall-back forecast: model missing
  skipped up{b}: too few points
84 samples written
read 0.12 s, forecast 2.00 s`)
  expect(describeRun({ flow: 'forecast', nominalMs, result }, true)).toContain('dry run: nothing was written')
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
  expect(describeRun({ flow: 'detect', nominalMs, result }, true)).toBe(`T 2026-11-24T12:00:00.000Z
series  value  pred  lower  upper  score  state    reason
up{a}       2     1    0.5    1.5      2  ok       above the band
up{a}       -     1    0.5    1.5      -  no_data  no sample
2 series read, 2 scores not written (dry run)
read 0.50 s`)
})

test('a missing forecast is told with what to do', () => {
  const result = { read: 1, scored: 0, rows: [], noBand: true, seconds: {} } as unknown as DetectResult
  expect(describeRun({ flow: 'detect', nominalMs, result }, false)).toContain('run a forecast first')
})

test('a query that returned nothing is told so', () => {
  const result = { read: 0, scored: 0, rows: [], noBand: false, seconds: {} } as unknown as DetectResult
  expect(describeRun({ flow: 'detect', nominalMs, result }, true)).toContain('the query returned nothing')
})
