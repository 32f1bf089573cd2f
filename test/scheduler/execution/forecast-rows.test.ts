import { expect, test } from 'vitest'
import { seriesId, writtenLabels } from '../../../models/series.ts'
import { forecastRows, recordingReader } from '../../../scheduler/execution/forecast-rows.ts'
import { memoryForecastCache } from '../../../tasks/cache/memory-forecast-cache.ts'

const mission = { tenant: 'default', mission: 'cpu' }
const labels = [
  { __name__: 'cpu', host: 'a' },
  { __name__: 'cpu', host: 'b' },
]
const written = labels.map((own) => writtenLabels(own, mission))
const meta = {
  ...{ bandKey: 'b', scopeKey: 's', nominalMs: 0, kind: 'run' as const, nonce: 'n', model: 'seasonal-naive' },
  ...{ startMs: 3_000, stepMs: 1_000, horizon: 2, seriesCount: 2, owned: { fromMs: 2_000, untilMs: 4_000 } },
}
const band = (...values: number[]) => ({
  pred: Float32Array.from(values),
  lower: Float32Array.from(values, (value) => value - 1),
  upper: Float32Array.from(values, (value) => value + 1),
})
const panel = {
  ...{ startMs: 0, stepMs: 1_000, length: 3 },
  series: [
    { labels: labels[1] ?? {}, values: Float64Array.of(7, 8, Number.NaN) },
    { labels: labels[0] ?? {}, values: Float64Array.of(1, 2, 3) },
  ],
}

test('a row has the newest value of its series and its forecast, step by step', async () => {
  const cache = memoryForecastCache()
  const series = written.map((own) => ({ id: seriesId(own), labels: own }))
  await cache.keep(mission, { meta, series, steps: [band(10, 20), band(11, 21)], skipped: [] })
  expect(await forecastRows({ cache, mission, payload: meta, panel })).toEqual([
    {
      ...{ labels: written[0], lastValue: 3, lastMs: 2_000, startMs: 3_000, stepMs: 1_000 },
      ...{ pred: [10, 11], lower: [9, 10], upper: [11, 12] },
    },
    {
      ...{ labels: written[1], lastValue: 8, lastMs: 1_000, startMs: 3_000, stepMs: 1_000 },
      ...{ pred: [20, 21], lower: [19, 20], upper: [21, 22] },
    },
  ])
})

test('a reader remembers the panel that it read first', async () => {
  const others = [panel, { ...panel, series: [] }]
  const reader = recordingReader({ queryRange: async () => others.shift() ?? panel })
  expect(reader.panel).toBeUndefined()
  await reader.queryRange({ query: 'cpu', startMs: 0, endMs: 2_000, stepMs: 1_000 })
  await reader.queryRange({ query: 'covariate', startMs: 0, endMs: 4_000, stepMs: 1_000 })
  expect(reader.panel).toBe(panel)
})
