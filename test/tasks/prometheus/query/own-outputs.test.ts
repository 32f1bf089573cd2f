import { describe, expect, test } from 'vitest'
import { ownOutputSelector } from '../../../../tasks/prometheus/query/own-outputs.ts'

const cpu = { tenant: 'default', mission: 'cpu' }
const own = (query: string, mission = cpu) => ownOutputSelector(query, mission)

describe('a query reads what its mission writes', () => {
  test.each([
    { query: 'anomaly_score', selector: 'anomaly_score' },
    { query: 'max(anomaly_mission_score) > 1', selector: 'anomaly_mission_score' },
    { query: 'rate(up[5m]) / anomaly_pred{mission="cpu"}', selector: 'anomaly_pred{mission="cpu"}' },
    { query: 'anomaly_score{mission=~"cpu|memory"}', selector: 'anomaly_score{mission=~"cpu|memory"}' },
    { query: 'anomaly_score{mission!="memory"}', selector: 'anomaly_score{mission!="memory"}' },
    { query: '{__name__="anomaly_score"}', selector: '{__name__="anomaly_score"}' },
    { query: 'anomaly_score{mission=~"(?s)cpu"}', selector: 'anomaly_score{mission=~"(?s)cpu"}' },
    // no PromQL
    { query: 'anomaly_score keep_metric_names default 0', selector: 'anomaly_score' },
    { query: 'a default anomaly_lower{mission="cpu"}', selector: 'anomaly_lower{mission="cpu"}' },
  ])('$query', ({ query, selector }) => {
    expect(own(query)).toBe(selector)
  })

  test("another tenant's is not", () => {
    expect(own('anomaly_score{tenant=""}', { tenant: 'red', mission: 'cpu' })).toBeUndefined()
    expect(own('anomaly_score{tenant="red"}', { tenant: 'red', mission: 'cpu' })).toBe('anomaly_score{tenant="red"}')
  })
})

test.each([
  { query: 'up' },
  { query: 'anomaly_times_runs_total' },
  { query: 'anomaly_score{mission="memory"}' },
  { query: 'anomaly_score{mission!="cpu"}' },
  { query: 'anomaly_score{mission!~"cpu|disk"}' },
  { query: 'anomaly_score{tenant="red"}' },
  // what names no metric is kept from outputs anyway
  { query: '{job="a"}' },
  { query: '{__name__=~"anomaly_.*"}' },
  { query: 'label_replace(up, "anomaly_score", "$1", "job", "(.*)")' },
  { query: 'a default anomaly_lower{mission="memory"}' },
])('$query reads others', ({ query }) => {
  expect(own(query)).toBeUndefined()
})
