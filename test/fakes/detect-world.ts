import type { DetectContext } from '../../flows/contexts.ts'
import { detect } from '../../flows/detect.ts'
import type { DetectParams } from '../../flows/params.ts'
import type { Labels } from '../../models/series.ts'
import { type FakeDeps, fakeDeps } from './fake-deps.ts'
import { fakeOwners, fakePayload, hour, minute, type PayloadFields } from './fake-payload.ts'
import { fakeStore } from './fake-store.ts'

export const mission = { tenant: 'default', mission: 'm' }

export const params: DetectParams = {
  ...{ ...mission, query: 'cpu', stepMs: 5 * minute, detectStepMs: minute, evalDelayMs: 30_000 },
  ...{ maxSeries: 200_000, allowOutputs: false, scopeKey: 's1', bandKey: 'k1' },
  ...{ direction: 'both', minDeviation: 0, minRelativeDeviation: 0 },
}

/** An instant of the first day. */
export const at = (h: number, m: number) => h * hour + m * minute

export interface DetectWorld {
  readonly deps: FakeDeps
  /** Keeps a forecast of the run at hour `h` for these hosts; the band is [9, 11]. */
  keep(h: number, hosts: readonly string[], fields?: PayloadFields): Promise<void>
  /** Live values of one host, one a minute from `ms` on. */
  live(host: string, ms: number, notation: string): void
  /** What a worker decides before the first attempt: everything that is kept may serve. */
  plan(
    window: { readonly fromMs: number; readonly untilMs: number },
    fields?: Partial<DetectContext>,
  ): Promise<DetectContext>
  /** Scores the steps up to `untilMs`, one unless `steps` says otherwise. */
  run(untilMs: number, options?: RunOptions): ReturnType<typeof detect.run>
  /** Samples of one metric as `{ host: { minute of the hour: value } }`. */
  written(metric: string): Record<string, Record<number, number>>
}

export interface RunOptions {
  readonly steps?: number
  readonly params?: Partial<DetectParams>
  readonly context?: Partial<DetectContext>
}

export function detectWorld({ futureWrites = true } = {}): DetectWorld {
  const deps = fakeDeps({ store: fakeStore({ futureWrites }) })
  const plan: DetectWorld['plan'] = async (window, fields = {}) => ({
    ...{ nominalMs: window.untilMs, window, owners: fakeOwners, storeFallback: false },
    payloads: await deps.cache.list(mission),
    ...fields,
  })
  return {
    deps,
    plan,
    async keep(h, hosts, fields = {}) {
      await deps.cache.keep(mission, fakePayload(h * hour, { series: hosts.map(cpu), ...fields }))
    },
    live: (host, startMs, notation) => deps.store.load(`cpu{host="${host}"} ${notation}`, { startMs, stepMs: minute }),
    async run(untilMs, options = {}) {
      const window = { fromMs: untilMs - (options.steps ?? 1) * minute, untilMs }
      return detect.run(deps, { ...params, ...options.params }, await plan(window, options.context))
    },
    written(metric) {
      const hosts: Record<string, Record<number, number>> = {}
      for (const { labels, ms, value } of deps.store.samples(metric)) {
        const host = labels.host ?? labels.state ?? ''
        hosts[host] = { ...hosts[host], [(ms % hour) / minute]: value }
      }
      return hosts
    },
  }
}

export const cpu = (host: string): Labels => ({ __name__: 'cpu', host })
