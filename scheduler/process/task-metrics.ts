import { performance } from 'node:perf_hooks'
import { toAppError } from '../../models/errors.ts'
import type { TaskMetrics } from '../../tasks/deps.ts'
import type { DatasourceHttp, HttpRequest } from '../../tasks/prometheus/http-client.ts'
import type { Metrics } from './metrics.ts'

/** The counters that tasks raise, over those of the process. */
export function taskMetrics(metrics: Metrics): TaskMetrics {
  return {
    fallbackUsed: (reason, seriesCount) => metrics.fallbacks.inc({ reason }, seriesCount),
    inference(model, seconds, seriesCount) {
      metrics.inference.observe({ model }, seconds)
      metrics.inferenceSeries.observe({ model }, seriesCount)
    },
    covariatesMissing: (count) => metrics.covariatesMissing.inc(count),
    cacheLookup: (hit) => metrics.cacheLookups.inc({ result: hit ? 'hit' : 'miss' }),
  }
}

/** The same client, with every request timed until its answer begins. */
export function observedHttp(
  http: DatasourceHttp,
  ds: string,
  metrics: Pick<Metrics, 'datasourceRequests' | 'breakerOpen' | 'beforeScrape'>,
): DatasourceHttp {
  metrics.beforeScrape(async () => metrics.breakerOpen.set({ ds }, http.breaker.state === 'open' ? 1 : 0))
  return {
    breaker: http.breaker,
    close: () => http.close(),
    async request(request) {
      const startedMs = performance.now()
      const observe = (code: string) =>
        metrics.datasourceRequests.observe(
          { ds, op: operation(request), code },
          (performance.now() - startedMs) / 1_000,
        )
      try {
        const response = await http.request(request)
        observe(`${response.status}`)
        return response
      } catch (error) {
        observe(toAppError(error).code)
        throw error
      }
    },
  }
}

/** `query_range` of `.../api/v1/query_range?...`: a handful of values, however many stores there are. */
function operation({ url }: HttpRequest): string {
  return new URL(url).pathname.split('/').at(-1) || 'other'
}
