import { expect } from 'vitest'
import type { Lab } from './lab.ts'
import { exportSeries, missingSteps, rewrittenSteps, type StoredSeries, samplesByInstant } from './store-audit.ts'
import { flushStore, minuteMs } from './world.ts'

const outputs = ['anomaly_pred', 'anomaly_lower', 'anomaly_upper', 'anomaly_score'] as const

export interface Audit {
  readonly pred: readonly StoredSeries[]
  readonly lower: readonly StoredSeries[]
  readonly upper: readonly StoredSeries[]
  readonly scores: readonly StoredSeries[]
}

/** Everything that the store holds of a mission, after the one thing that must always hold: no step has two values. */
export async function audit(lab: Lab, mission: string): Promise<Audit> {
  await flushStore(lab.storeUrl)
  const held = await Promise.all(outputs.map((name) => exportSeries(lab.storeUrl, `${name}{mission="${mission}"}`)))
  expect(rewrittenSteps(held.flat())).toEqual([])
  const [pred = [], lower = [], upper = [], scores = []] = held
  // whoever has one end of the band has all of it
  const instants = (series: readonly StoredSeries[]) =>
    [...samplesByInstant(series).values()].map((samples) => [...samples.keys()].sort()).sort()
  expect(instants(lower)).toEqual(instants(pred))
  expect(instants(upper)).toEqual(instants(pred))
  return { pred, lower, upper, scores }
}

interface Span {
  readonly fromMs: number
  readonly untilMs: number
  /** How many series must have every step. */
  readonly series?: number
}

export function expectEveryStep(series: readonly StoredSeries[], stepMs: number, { series: count = 2, ...span }: Span) {
  expect(samplesByInstant(series).size).toBe(count)
  expect(missingSteps(series, { ...span, stepMs })).toEqual([])
}

export const expectScored = (scores: readonly StoredSeries[], span: Span) => expectEveryStep(scores, minuteMs, span)

/** Live values follow their forecast: a score far above 1 was made with a band of something else. */
export function expectCalm(scores: readonly StoredSeries[]): void {
  const highest = Math.max(...scores.flatMap(({ values }) => values))
  expect(highest).toBeGreaterThan(0)
  expect(highest).toBeLessThan(2)
}

/** The one value of a series at an instant. */
export function valueAt(series: readonly StoredSeries[], host: string, ms: number): number {
  for (const { labels, timestampsMs, values } of series) {
    const i = timestampsMs.indexOf(ms)
    if (labels.host === host && i >= 0) return values[i] as number
  }
  return Number.NaN
}
