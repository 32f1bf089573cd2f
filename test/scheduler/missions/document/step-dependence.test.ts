import { describe, expect, test } from 'vitest'
import { stepDependence } from '../../../../scheduler/missions/document/step-dependence.ts'

describe('depends on the step', () => {
  test.each([
    { query: 'rate(http_requests_total)', reason: /rate\(\) without a window/ },
    { query: 'sum by (job) (rate(http_requests_total{code="500"}))', reason: /rate\(\)/ },
    { query: 'sum(increase(a[5m])) / sum(increase(b))', reason: /increase\(\)/ },
    { query: 'avg_over_time(rate(a[5m]))', reason: /avg_over_time\(\)/ },
    { query: 'max_over_time(sum(rate(a[5m])))', reason: /max_over_time\(\)/ },
    { query: 'quantile_over_time(0.9, a)', reason: /quantile_over_time\(\)/ },
    { query: 'rollup_rate(a)', reason: /rollup_rate\(\)/ },
    { query: 'WITH (r = rate(y)) sum(r)', reason: /rate\(\)/ },
    { query: 'rate(a[$__interval])', reason: /\$__interval is the step/ },
    { query: 'rate(a[$__rate_interval])', reason: /\$__rate_interval is the step/ },
    { query: 'rate(a[5i])', reason: /5i counts steps/ },
    { query: 'a / step()', reason: /step\(\)/ },
    { query: 'max_over_time(a[1h:])', reason: /subquery without a resolution/ },
  ])('$query', ({ query, reason }) => {
    expect(stepDependence(query, { metricsQl: true })).toMatch(reason)
  })
})

describe('does not depend on the step', () => {
  test.each([
    'up',
    'node_load1{instance=~"rate(.*)"}',
    'rate(http_requests_total[5m])',
    'rate(http_requests_total{a="]"} [5m] offset 1h)',
    'sum by (rate) (increase(a[1h30m]))',
    'histogram_quantile(0.99, sum by (le) (rate(a_bucket[5m])))',
    'rate((a[5m]))',
    'max_over_time(sum(rate(a[5m]))[1h:5m])',
    'predict_linear(a[1h], 3600)',
    'quantile_over_time(0.9, a[5m])',
    'timestamp(a)',
    'rate_limit / lag_seconds',
    'rate(a[5m]) # rate(b)',
    'label_replace(up, "x", "rate($1)", "y", "(.*)")',
    'a and on (rate) (b)',
    'increase(a[5m]) keep_metric_names',
    'absent(up{job="x"})',
    'a{b="5i"} * 5',
  ])('%s', (query) => {
    expect(stepDependence(query, { metricsQl: true })).toBeUndefined()
  })

  test('a subquery that leaves its resolution to Prometheus', () => {
    expect(stepDependence('max_over_time(a[1h:])', { metricsQl: false })).toBeUndefined()
  })
})
