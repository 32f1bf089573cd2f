import { expect, test } from 'vitest'
import { forecastOnceParams } from '../../flows/forecast-once-params.ts'

const issuesOf = (input: unknown) =>
  forecastOnceParams.safeParse(input).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

test('a query alone is a whole request', () => {
  expect(forecastOnceParams.parse({ query: ' up ' })).toEqual({
    ...{ query: 'up', predictionLength: 64, historyLength: 0 },
  })
})

test.each([
  [{}, 'query: is missing: give one of query, series and rows'],
  [{ query: 'up', rows: [{}] }, 'rows: give query or rows, not both'],
  [{ series: [{ values: [1] }], datasource: 'main' }, 'datasource: needs query'],
  [{ query: 'up', idColumn: 'shop' }, 'idColumn: needs rows'],
  [{ query: 'up', quantileLevels: [0.5], confidenceLevel: 0.8 }, 'confidenceLevel: give quantileLevels or'],
  [{ query: 'up', quantileLevels: [0.5, 0.5] }, 'quantileLevels: give every level once'],
  [{ query: 'up', quantileLevels: [1] }, 'quantileLevels: levels lie between 0 and 1'],
  [{ query: 'up', confidenceLevel: 95 }, 'confidenceLevel: lies between 0 and 1'],
  [{ query: 'up', predictionLength: 1e9 }, 'predictionLength: Too big: expected number to be <=1024'],
  [{ query: 'up', predictionLength: 0 }, 'predictionLength: Too small'],
  [{ query: 'up', predictionLength: 1.5 }, 'predictionLength: '],
  [{ query: 'up', context: 1e9 }, 'context: Too big'],
  [{ query: 'up', step: '0s' }, 'step: write a duration from 1s to 366d'],
  [{ query: 'up', step: '100ms' }, 'step: write a duration from 1s to 366d'],
  [{ query: 'up', asOf: 'yesterday' }, 'asOf: write 2026-01-31T12:00:00Z'],
  [{ query: 'up', horizon: 3 }, ': Unrecognized key: "horizon"'],
  [{ series: [] }, 'series: Too small'],
  [{ series: [{ values: { length: 1e9 } }] }, 'series.0.values: Invalid input: expected array'],
  [{ series: [{ values: [1], labels: { a: 1 } }] }, 'series.0.labels.a: Invalid input'],
  [{ series: [{ values: [1], start: {} }] }, 'series.0.start: '],
  [{ rows: [{}], covariates: { queries: [{ name: 'a', query: 'a' }] } }, 'covariates: queries need query'],
  [{ query: 'up', covariates: { calendar: ['hour'] } }, 'covariates.calendar.0: Invalid option'],
  [{ series: [{ values: [1], covariates: [{ name: '__proto__', past: [1] }] }] }, 'series.0.covariates.0.name: use 1'],
  [{ series: [{ values: [1], covariates: [{ name: 'a' }] }] }, 'series.0.covariates.0.past: Invalid input'],
  [{ series: 'x' }, 'series: Invalid input: expected array'],
])('%j is refused: %s', (input, issue) => {
  expect(issuesOf(input)?.[0]).toContain(issue)
})

test('too many series are one problem, however wrong each is', () => {
  const series = Array.from({ length: 10_001 }, () => ({}))
  expect(issuesOf({ series })).toEqual([expect.stringContaining('series: Too big')])
})
