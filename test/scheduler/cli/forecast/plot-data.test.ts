import { expect, test } from 'vitest'
import { plotData } from '../../../../scheduler/cli/forecast/plot-data.ts'

const metadata = {
  ...{ model: 'm', revision: null, stepSeconds: 60, predictionLength: 1, quantileLevels: [0.5], seriesCount: 1 },
  ...{ historyPoints: 1, generatedAt: '2026-01-31T12:00:00Z', warnings: [] },
}

test('a series is drawn from the first value of its history on', () => {
  const prediction = { time: '2026-01-31T12:00:00Z', horizonStep: 1, value: 3, lower: null, upper: 4, quantiles: {} }
  const history = { start: '2026-01-31T11:58:00Z', values: [1, null] }
  const labels = { __name__: 'load', job: 'a', host: 'web-1' }
  expect(plotData({ labels, historyPoints: 1, history, predictions: [prediction] }, metadata)).toEqual({
    ...{ title: 'load{web-1}', startMs: Date.parse('2026-01-31T11:58:00Z'), stepMs: 60_000, split: 2 },
    ...{ history: [1, Number.NaN], median: [3], lower: [Number.NaN], upper: [4] },
  })
})

test('an unnamed series without anything has a title and no values', () => {
  const data = plotData({ labels: {}, historyPoints: 0, predictions: [] }, metadata)
  expect(data).toMatchObject({ title: 'forecast', split: 0, median: [] })
})
