import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeApi } from '../fakes/fake-api.ts'
import { type Lab, openLab } from './lab.ts'
import { exportSeries, samplesByInstant } from './store-audit.ts'
import { dayMs, flushStore, importSeries, minuteMs, startMs } from './world.ts'

/** As scripts of the ancestor post them, word for word. */
const forecasting =
  '{"cron": "0 * * * *", "parameters": {"promql": "rate(http_requests_total[5m])", "model_type": "lgbm"}}'
const detection =
  '{"cron": "* * * * *", "parameters": {"promql": "rate(http_requests_total[5m])", "model_type": "lgbm"}}'
/** And its client, which posts lists in the long form. */
const forecastingList =
  '[{"schedule": {"interval": 3600.0, "anchor_date": "2025-01-01T00:00:00Z", "timezone": "UTC"}, "active": true, "parameters": {"promql": "rate(http_requests_total[5m])", "model_type": "chronos"}}]'

let lab: Lab
let api: Awaited<ReturnType<typeof fakeApi>>
beforeAll(async () => {
  lab = await openLab({ futureWrites: 'native', fill: writeRequests })
  api = await fakeApi({ missions: lab.service })
})
afterAll(async () => {
  await api?.close()
  await lab?.close()
})

async function post(url: string, payload: string): Promise<{ readonly mission: string; readonly outcome: string }[]> {
  const answer = await api.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } })
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status: 201 })
  return answer.json()
}

test('the two schedules of a promql become one mission, whose prediction and score are written', async () => {
  const [detected] = await post('/api/deployments/detection-deployment/schedules', detection)
  const { json } = await api.inject('/deployments/name/forecasting/forecasting-deployment')
  const [forecast] = await post(`/deployments/${json().id}/schedules`, forecasting)
  expect([detected?.outcome, forecast?.outcome]).toEqual(['created', 'updated'])
  expect(forecast?.mission).toBe(detected?.mission)
  await lab.advanceTo(startMs + 70 * minuteMs)
  await flushStore(lab.storeUrl)
  for (const output of ['anomaly_pred', 'anomaly_lower', 'anomaly_upper', 'anomaly_score']) {
    const blocks = await exportSeries(lab.storeUrl, `${output}{mission="${forecast?.mission}"}`)
    expect(new Set(blocks.map(({ labels }) => labels.code))).toEqual(new Set(['200', '500']))
    for (const samples of samplesByInstant(blocks).values()) expect(samples.size).toBeGreaterThan(20)
  }
})

test('posting again changes nothing; another schedule for the same promql edits it', async () => {
  const answers = [
    await post('/deployments/forecasting-deployment/schedules', forecasting),
    await post('/api/deployments/detection-deployment/schedules', detection),
    await post('/deployments/forecasting-deployment/schedules', forecastingList),
    await post('/deployments/forecasting-deployment/schedules', forecastingList),
  ]
  expect(answers.map(([each]) => each?.outcome)).toEqual(['unchanged', 'unchanged', 'updated', 'unchanged'])
  const { missions } = await lab.service.list('default', { limit: 10 })
  expect(missions.map(({ document }) => document)).toEqual([
    expect.objectContaining({ model: 'chronos-embedded', forecast: { every: '1h', phase: '0s' } }),
  ])
})

test('both halves posted at the same instant become one mission', async () => {
  const promql = 'sum(http_requests_total)'
  const body = JSON.stringify({ cron: '0 * * * *', parameters: { promql } })
  const names = ['forecasting-deployment', 'detection-deployment']
  await Promise.all([...names, ...names].map((name) => post(`/deployments/${name}/schedules`, body)))
  const { missions } = await lab.service.list('default', { limit: 10 })
  const cron = { cron: '0 * * * *' }
  expect(missions.filter(({ document }) => document.query === promql).map(({ document }) => document)).toEqual([
    expect.objectContaining({ forecast: cron, detect: cron }),
  ])
})

/** Two counters over a day of history and the two hours after it. */
async function writeRequests(url: string): Promise<void> {
  const timestampsMs = Array.from({ length: 26 * 60 }, (_, i) => startMs - dayMs + i * minuteMs)
  const series = ['200', '500'].map((code, k) => {
    let total = 0
    const values = timestampsMs.map((ms) => {
      total += 600 * (2 - k) * (2 + Math.sin((2 * Math.PI * (ms - startMs)) / dayMs))
      return total
    })
    return { labels: { __name__: 'http_requests_total', code }, timestampsMs, values }
  })
  await importSeries(url, series)
}
