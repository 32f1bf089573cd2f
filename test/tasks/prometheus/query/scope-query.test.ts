import { describe, expect, test } from 'vitest'
import { outputAtStep, outputSelector } from '../../../../tasks/panel/output-selector.ts'
import { scopeMetricsQl, scopeOwnOutputs, scopePromQl } from '../../../../tasks/prometheus/query/scope-query.ts'

const ours = '__name__!~"anomaly_pred|anomaly_lower|anomaly_upper|anomaly_score|anomaly_event|anomaly_mission_.+"'
const outputsOut = { allowOutputs: false, enforcedMatchers: [] }

test.each([
  { name: 'a metric', query: 'up' },
  { name: 'a metric with matchers', query: 'rate(http_requests_total{job="a",}[5m])' },
  { name: 'a metric by __name__', query: '{__name__="up", job="a"}' },
  { name: 'a metric in quotes', query: '{"größe.of", job="a"}' },
  { name: 'an output, named', query: 'anomaly_score{mission="m"} > 1' },
  { name: 'no selector', query: 'vector(1) + time()' },
])('$name is left alone', ({ query }) => {
  expect(scopePromQl(query, outputsOut)).toEqual({ query })
})

test.each([
  { query: '{job="a"}', scoped: `{${ours},job="a"}` },
  {
    query: 'sum by (job) (rate({job=~"a|b",}[5m])) / up',
    scoped: `sum by (job) (rate({${ours},job=~"a|b",}[5m])) / up`,
  },
  { query: '{__name__=~"anomaly.*"}', scoped: `{${ours},__name__=~"anomaly.*"}` },
  { query: '{__name__!="up"} # {comment}', scoped: `{${ours},__name__!="up"} # {comment}` },
  { query: '{a="}"} or {"b.c"="{"} offset 5m', scoped: `{${ours},a="}"} or {${ours},"b.c"="{"} offset 5m` },
  { query: '{ }', scoped: `{${ours} }` },
])('$query excludes our outputs', ({ query, scoped }) => {
  expect(scopePromQl(query, outputsOut)).toEqual({ query: scoped })
})

test('enforced matchers go to every selector, named or not', () => {
  const scope = { allowOutputs: true, enforcedMatchers: ['ns="a"', 'b!=""'] }
  expect(scopePromQl('up + x{} + y{c="d"} + {e="f"}', scope)).toEqual({
    query: 'up{ns="a",b!=""} + x{ns="a",b!=""} + y{ns="a",b!="",c="d"} + {ns="a",b!="",e="f"}',
  })
})

test('nothing is parsed where nothing is to be added', () => {
  expect(scopePromQl('no (PromQL', { allowOutputs: true, enforcedMatchers: [] })).toEqual({ query: 'no (PromQL' })
})

test.each(['sum(', 'rate(x[1i]) default 0', '{a="b" or c="d"}', 'WITH (x = up) x'])('%s is no PromQL', (query) => {
  expect(scopePromQl(query, outputsOut)).toBeUndefined()
})

test('MetricsQL is filtered by the store', () => {
  expect(scopeMetricsQl('{a="b" or c="d"}', outputsOut)).toEqual({ query: '{a="b" or c="d"}', filter: `{${ours}}` })
})

test('an output that MetricsQL names stays readable', () => {
  expect(scopeMetricsQl('anomaly_score default 0', outputsOut).filter).toBe(
    '{__name__!~"anomaly_pred|anomaly_lower|anomaly_upper|anomaly_event|anomaly_mission_.+"}',
  )
})

test.each([
  { scope: { allowOutputs: true, enforcedMatchers: [] }, filter: undefined },
  { scope: { allowOutputs: true, enforcedMatchers: ['ns="a"'] }, filter: '{ns="a"}' },
  { scope: { allowOutputs: false, enforcedMatchers: ['ns="a"'] }, filter: `{ns="a",${ours}}` },
])('enforced matchers and outputs share one filter: $filter', ({ scope, filter }) => {
  expect(scopeMetricsQl('x default 0', scope).filter).toBe(filter)
})

describe('queries of ours about one mission', () => {
  const red = { tenant: 'red', mission: 'cpu' }
  const selector = outputSelector('anomaly_pred', red, { path: '/a"}' })

  test.each([
    `max(timestamp(${selector}))`,
    `${outputAtStep('anomaly_score', red)} or ${outputAtStep('anomaly_score', red, { host: 'a' })}`,
    outputAtStep('anomaly_score', { tenant: 'default', mission: 'cpu' }),
    outputAtStep('anomaly_mission_series', red),
  ])('%s stays as it is', (query) => {
    expect(scopeOwnOutputs(query)).toEqual({ query })
  })

  test.each([
    'up',
    '1',
    'sum(',
    'anomaly_pred',
    'anomaly_pred{mission="cpu"}',
    'anomaly_pred{tenant="red"}',
    'anomaly_pred{mission=~"cpu",tenant="red"}',
    'anomaly_pred{mission!="cpu",tenant="red"}',
    'load{mission="cpu",tenant="red"}',
    'anomaly_missions{mission="cpu",tenant="red"}',
    '{__name__="anomaly_pred",mission="cpu",tenant="red"}',
    `${selector} or load`,
    `${selector} or anomaly_pred`,
  ])('%s is none', (query) => {
    expect(() => scopeOwnOutputs(query)).toThrow(`${query} does not name outputs of one mission`)
  })
})
