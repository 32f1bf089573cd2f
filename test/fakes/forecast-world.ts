import type { ForecastContext } from '../../flows/contexts.ts'
import type { ForecastParams } from '../../flows/params.ts'
import { type FakeDeps, fakeDeps, fakeForecaster } from './fake-deps.ts'
import { fakeStore } from './fake-store.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const stepMs = 5 * minuteMs
/** A nominal time: hourly runs that own (T + 10 min, T + 70 min], 12 steps. */
export const T = 480_000 * hourMs
export const mission = { tenant: 'default', mission: 'm' }

export const params: ForecastParams = {
  ...{ ...mission, query: 'cpu', stepMs, evalDelayMs: 30_000, maxSeries: 20_000, allowOutputs: false },
  ...{ scopeKey: 'scope', bandKey: 'k1', context: 288, horizon: 64, minPoints: 10 },
  ...{ model: 'flat', fallback: 'flat', bandExitsPerDay: 0.015 },
}

let nonces = 0
export function context(nominalMs: number, more: Partial<ForecastContext> = {}): ForecastContext {
  nonces += 1
  const owned = { fromMs: nominalMs + 10 * minuteMs, untilMs: nominalMs + 70 * minuteMs }
  return { nominalMs, kind: 'run', owned, runNonce: `run.${nonces}`, ...more }
}

/** Two series, whose level can be moved as a later read of the same context would find it. */
export function world({ futureWrites = true, hosts = ['a', 'b'], flat = fakeForecaster('flat') } = {}) {
  const deps = fakeDeps({ store: fakeStore({ futureWrites }), forecasters: [flat] })
  const level = { value: 10 }
  const addHost = (host: string) => deps.store.generate({ __name__: 'cpu', host }, () => level.value)
  for (const host of hosts) addHost(host)
  return { deps, flat, level, addHost }
}

/** Values of one metric by host and step after T, in steps. */
export function drawn({ store }: FakeDeps, metric = 'anomaly_pred'): Record<string, Record<number, number>> {
  const hosts: Record<string, Record<number, number>> = {}
  for (const { labels, ms, value } of store.samples(metric)) {
    const host = labels.host ?? ''
    hosts[host] = { ...hosts[host], [(ms - T) / stepMs]: value }
  }
  return hosts
}

export const filled = (fromStep: number, toStep: number, value: number): Record<number, number> =>
  Object.fromEntries(Array.from({ length: toStep - fromStep + 1 }, (_, i) => [fromStep + i, value]))
