import { expect, test } from 'vitest'
import { createMetrics, packageVersion } from '../../../scheduler/process/metrics.ts'

test('names bear the prefix and a base unit, and every metric has a help sentence', async () => {
  const text = await createMetrics().text()
  const ours = [...text.matchAll(/^# TYPE (anomaly_times_\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({
    name,
    type,
  }))
  expect(ours.length).toBeGreaterThan(20)
  for (const { name, type } of ours) {
    if (type === 'counter') expect(name).toMatch(/_total$/)
    if (type === 'histogram') expect(name).toMatch(/_(seconds|series)$/)
    expect(text).toMatch(new RegExp(`^# HELP ${name} .+\\.$`, 'm'))
  }
})

test('process, event loop and version are there', async () => {
  const text = await createMetrics().text()
  expect(text).toMatch(/^process_resident_memory_bytes \d/m)
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m)
  expect(text).toContain(`anomaly_times_build_info{version="${packageVersion}",node="${process.version}"} 1`)
  expect(packageVersion).toMatch(/^\d+\.\d+\.\d+/)
})

test('gauges are collected for each scrape, and one that fails spoils nothing', async () => {
  const metrics = createMetrics()
  let waiting = 0
  metrics.beforeScrape(async () => metrics.queueJobs.set({ pool: 'detect', state: 'waiting' }, ++waiting))
  metrics.beforeScrape(() => Promise.reject(new Error('Redis is away')))
  await metrics.text()
  const text = await metrics.text()
  expect(text).toContain('anomaly_times_queue_jobs{pool="detect",state="waiting"} 2')
  expect(text).toContain('anomaly_times_scrape_errors_total 2')
})

test('two processes in one test do not share metrics', async () => {
  createMetrics().runs.inc({ flow: 'detect', result: 'failed' })
  expect(await createMetrics().text()).not.toContain('result="failed"')
})
