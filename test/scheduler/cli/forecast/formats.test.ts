import { expect, test } from 'vitest'
import { csvLines, joinAnswers, ndjsonLine } from '../../../../scheduler/cli/forecast/formats.ts'
import type { Answer } from '../../../../scheduler/cli/forecast/plot-data.ts'

const time = '2026-01-31T12:00:00.000Z'
const prediction = { time, horizonStep: 1, value: 2, lower: 1, upper: null, quantiles: { '0.1': 1, '0.9': null } }
const metadata = {
  ...{ model: 'm', revision: null, stepSeconds: 60, predictionLength: 1, quantileLevels: [0.1, 0.9], seriesCount: 1 },
  ...{ historyPoints: 9, generatedAt: time, warnings: ['few'] },
}
const one: Answer = { series: [{ labels: { a: 'x,y' }, historyPoints: 9, predictions: [prediction] }], metadata }
const other: Answer = { series: [{ labels: { b: '1' }, historyPoints: 9, predictions: [prediction] }], metadata }

test('a line of NDJSON has the quantiles by level', () => {
  expect(JSON.parse(ndjsonLine(one.series[0]!, [0.1, 0.9]))).toEqual({
    ...{ labels: { a: 'x,y' }, quantiles: { '0.1': [1], '0.9': [null] } },
  })
  const skipped = { labels: {}, historyPoints: 1, skipped: 'too_few_points', predictions: [] }
  expect(ndjsonLine(skipped, [0.1])).toBe('{"labels":{},"skipped":"too_few_points"}')
})

test('a CSV has a column for every label name of any series', () => {
  expect(csvLines(joinAnswers([one, other])!)).toEqual([
    'a,b,time,horizonStep,value,lower,upper,0.1,0.9',
    `"x,y",,${time},1,2,1,,1,`,
    `,1,${time},1,2,1,,1,`,
  ])
})

test('parts of a file are one answer', () => {
  expect(joinAnswers([one, other])?.metadata).toMatchObject({
    ...{ seriesCount: 2, historyPoints: 18, warnings: ['few', 'few'] },
  })
  expect(joinAnswers([])).toBeUndefined()
})
