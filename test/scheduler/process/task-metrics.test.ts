import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { createMetrics } from '../../../scheduler/process/metrics.ts'
import { observedHttp, taskMetrics } from '../../../scheduler/process/task-metrics.ts'
import { createBreaker } from '../../../tasks/prometheus/breaker.ts'
import type { DatasourceHttp, HttpResponse } from '../../../tasks/prometheus/http-client.ts'

test('what tasks raise is counted', async () => {
  const metrics = createMetrics()
  const port = taskMetrics(metrics)
  port.fallbackUsed('model missing', 3)
  port.inference('seasonal-naive', 0.02, 40)
  port.covariatesMissing(7)
  port.cacheLookup(true)
  port.cacheLookup(false)
  const text = await metrics.text()
  expect(text).toContain('anomaly_times_fallback_series_total{reason="model missing"} 3')
  expect(text).toContain('anomaly_times_inference_batch_series_sum{model="seasonal-naive"} 40')
  expect(text).toContain('anomaly_times_covariates_missing_total 7')
  expect(text).toContain('anomaly_times_forecast_cache_lookups_total{result="hit"} 1')
  expect(text).toContain('anomaly_times_forecast_cache_lookups_total{result="miss"} 1')
})

test('requests are counted by operation and by status or error code', async () => {
  const metrics = createMetrics()
  const answers = [{ status: 200 } as HttpResponse, new AppError('STORE_UNAVAILABLE', 'nobody there')]
  const http: DatasourceHttp = {
    breaker: createBreaker(),
    close: async () => undefined,
    async request() {
      const answer = answers.shift()
      if (answer instanceof Error || !answer) throw answer
      return answer
    },
  }
  const observed = observedHttp(http, 'main', metrics)
  const request = { method: 'POST', url: 'http://h:1/prefix/api/v1/query_range' } as const
  await observed.request(request)
  await expect(observed.request(request)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  const text = await metrics.text()
  expect(text).toContain('request_seconds_count{ds="main",op="query_range",code="200"} 1')
  expect(text).toContain('request_seconds_count{ds="main",op="query_range",code="STORE_UNAVAILABLE"} 1')
  expect(text).toContain('anomaly_times_datasource_breaker_open{ds="main"} ')
})
