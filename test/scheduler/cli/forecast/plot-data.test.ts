import { expect, test } from 'vitest'
import { instantText, plotData } from '../../../../scheduler/cli/forecast/plot-data.ts'

const metadata = {
  ...{ model: 'm', revision: null, stepSeconds: 60, predictionLength: 1, quantileLevels: [0.5], seriesCount: 1 },
  ...{ historyPoints: 1, generatedAt: '2026-01-31T12:00:00Z', warnings: [] },
}

test('a series is drawn from the first value of its history on', () => {
  const prediction = { time: '2026-01-31T12:00:00Z', horizonStep: 1, value: 3, lower: null, upper: 4, quantiles: {} }
  const history = { start: '2026-01-31T11:56:00Z', values: [null, null, 1, null] }
  const labels = { __name__: 'load', job: 'a', host: 'web-1' }
  expect(plotData({ labels, historyPoints: 1, history, predictions: [prediction] }, metadata, 'load')).toEqual({
    ...{ title: 'load{web-1}', source: 'load', startMs: Date.parse('2026-01-31T11:58:00Z'), stepMs: 60_000, split: 2 },
    ...{ history: [1, Number.NaN], median: [3], lower: [Number.NaN], upper: [4] },
  })
})

test('an unnamed series without anything is called as its file, and has no values', () => {
  const data = plotData({ labels: {}, historyPoints: 0, predictions: [] }, metadata, 'sales.csv')
  expect(data).toMatchObject({ title: 'sales.csv', split: 0, median: [] })
  expect(data.source).toBe(undefined)
})

test.each([
  { levels: [0.1, 0.5, 0.9], band: [0.1, 0.9] },
  { levels: [0.5, 0.9], band: [0.5, 0.9] },
  { levels: [0.5], band: undefined },
  { levels: [0.6, 0.9], band: undefined },
])('levels $levels have the band $band', ({ levels, band }) => {
  const series = { labels: {}, historyPoints: 0, predictions: [] }
  expect(plotData(series, { ...metadata, quantileLevels: levels }, 'x').levels).toEqual(band)
})

test.each([
  { stepMs: 86_400_000, text: '2026-01-31' },
  { stepMs: 3_600_000, text: '2026-01-31 12:34' },
  { stepMs: 1_000, text: '2026-01-31 12:34:56' },
])('instants at steps of $stepMs ms are as exact as $text', ({ stepMs, text }) => {
  expect(instantText(Date.parse('2026-01-31T12:34:56Z'), stepMs)).toBe(text)
})
