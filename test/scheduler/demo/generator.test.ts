import { expect, test } from 'vitest'
import { seasonalNaive } from '../../../models/seasonal-naive.ts'
import {
  demoSeries,
  type GeneratedSeries,
  liveStepMs,
  type Outage,
  serviceNames,
} from '../../../scheduler/demo/generator.ts'

const stepMs = 300_000
const hourMs = 3_600_000
const mondayMs = Date.UTC(2026, 10, 23)
const all = demoSeries()

test('40 series, each with labels of its own', () => {
  expect(all).toHaveLength(40)
  expect(new Set(all.map(({ labels }) => JSON.stringify(labels))).size).toBe(40)
})

test('a value depends on the instant alone', () => {
  const again = demoSeries()
  const instants = [0, 1, 1_000].map((i) => mondayMs + i * liveStepMs)
  for (const [i, { valueAt }] of all.entries()) {
    expect(instants.map((ms) => valueAt(ms))).toEqual(instants.map((ms) => again[i]!.valueAt(ms)))
  }
})

test('values are finite, not negative, and differ from sample to sample', () => {
  for (const { valueAt } of all) {
    const values = Array.from({ length: 500 }, (_, i) => valueAt(mondayMs + i * 1_230_000))
    expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true)
    expect(new Set(values).size).toBeGreaterThan(10)
  }
})

test('requests follow the day and the week', () => {
  const rate = all[0]!
  const mean = (day: number, hour: number) => {
    const values = Array.from({ length: 60 }, (_, i) =>
      rate.valueAt(mondayMs + day * 24 * hourMs + hour * hourMs + i * 60_000),
    )
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  expect(mean(1, 15)).toBeGreaterThan(1.4 * mean(1, 3))
  expect(mean(5, 15)).toBeLessThan(0.96 * mean(3, 15))
})

test('an outage shows in one service, over its instants, and in all of its series that break', () => {
  const outage: Outage = { service: 'payments', fromMs: mondayMs, untilMs: mondayMs + 60_000 }
  const changed = (ms: number) => all.filter(({ valueAt }) => valueAt(ms, outage) !== valueAt(ms))
  expect(changed(mondayMs - 1)).toEqual([])
  expect(changed(mondayMs + 60_000)).toEqual([])
  expect(changed(mondayMs)).toEqual(all.filter(({ labels, breaks }) => breaks && labels.service === 'payments'))
  expect(changed(mondayMs)).toHaveLength(6)
})

/** d of the score: distance from the prediction in edges, for every 10 s of the hour after `nowMs`. */
async function distances({ valueAt }: GeneratedSeries, nowMs: number, outage?: Outage): Promise<number[]> {
  const context = Float64Array.from({ length: 2_016 }, (_, i) => valueAt(nowMs - (2_015 - i) * stepMs))
  const request = { contexts: [context], endMs: nowMs, stepMs, horizon: 12, levels: [0.005, 0.5, 0.995] }
  const [forecast] = await seasonalNaive().forecast(request)
  return Array.from({ length: 11 * 30 }, (_, i) => {
    const ms = nowMs + stepMs + i * 10_000
    const h = Math.floor(i / 30)
    const at = (level: number) => forecast!.quantiles[level * 12 + h]!
    const value = valueAt(ms, outage)
    const edge = 1.5 * (value > at(1) ? at(2) - at(1) : at(1) - at(0))
    return Math.abs(value - at(1)) / edge
  })
}

const allWeek = Array.from({ length: 12 }, (_, i) => mondayMs + i * 14 * hourMs)

test('a quiet shop stays inside the edges of the forecast at any time of the week', async () => {
  const found = await Promise.all(allWeek.map((ms) => Promise.all(all.map((one) => distances(one, ms)))))
  const points = found.flat(2)
  expect(points.filter((d) => d > 1).length / points.length).toBeLessThan(0.01)
})

test.each(serviceNames)('an outage of %s leaves them at any time of the week', async (service) => {
  const breaking = all.filter(({ labels, breaks }) => breaks && labels.service === service)
  for (const ms of allWeek) {
    for (const one of breaking) {
      const outside = (await distances(one, ms, { service, fromMs: ms })).filter((d) => d > 1)
      expect(outside.length / 330, `${JSON.stringify(one.labels)} at ${new Date(ms).toISOString()}`).toBeGreaterThan(
        0.95,
      )
    }
  }
})
