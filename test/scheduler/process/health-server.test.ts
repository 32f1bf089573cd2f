import { expect, onTestFinished, test } from 'vitest'
import { type HealthServerOptions, startHealthServer } from '../../../scheduler/process/health-server.ts'
import { createMetrics } from '../../../scheduler/process/metrics.ts'

async function start(options: Partial<HealthServerOptions> = {}): Promise<string> {
  const server = await startHealthServer({ listen: '127.0.0.1:0', metrics: createMetrics(), checks: [], ...options })
  onTestFinished(() => server.close())
  return server.url
}

test('a healthy process is alive, ready and has metrics', async () => {
  const url = await start()
  expect((await fetch(`${url}/livez`)).status).toBe(200)
  expect(await (await fetch(`${url}/readyz?verbose`)).json()).toEqual({ ready: true, checks: [] })
  const metrics = await fetch(`${url}/metrics`)
  expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4')
  expect(await metrics.text()).toContain('anomaly_times_build_info')
})

test('a process that is not ready, or beyond help, says why', async () => {
  const url = await start({
    checks: [{ name: 'redis', check: async () => 'gone' }],
    dead: () => 'took no job for 5 min',
  })
  const ready = await fetch(`${url}/readyz`)
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({ ready: false, checks: [{ name: 'redis', detail: 'gone' }] })
  const live = await fetch(`${url}/livez`)
  expect(live.status).toBe(503)
  expect(await live.json()).toEqual({ alive: false, reason: 'took no job for 5 min' })
})

test('other paths and methods are refused', async () => {
  const url = await start()
  expect((await fetch(`${url}/`)).status).toBe(404)
  expect((await fetch(`${url}/livez`, { method: 'POST' })).status).toBe(405)
})

test('an address that is taken is named', async () => {
  const listen = (await start()).replace('http://', '')
  await expect(startHealthServer({ listen, metrics: createMetrics(), checks: [] })).rejects.toMatchObject({
    ...{ code: 'INVALID_CONFIG', message: expect.stringContaining(listen) },
  })
})
