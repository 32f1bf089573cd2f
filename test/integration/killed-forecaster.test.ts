import { afterAll, expect, test, vi } from 'vitest'
import { localServer } from '../fakes/local-server.ts'
import { startKillableStack } from './killable-stack.ts'

const patience = { timeout: 60_000, interval: 200 }
vi.setConfig({ testTimeout: 2 * patience.timeout })

/** A store whose first queries are never answered: who asks them is killed. */
let unanswered = 0
let asked = 0
const store = await localServer((request, response, body) => {
  if (!request.url?.endsWith('/query_range')) return void response.writeHead(404).end()
  asked += 1
  if (asked <= unanswered) return
  const end = Number(new URLSearchParams(body).get('end'))
  const values = Array.from({ length: 40 }, (_, i) => [end + (i - 39) * 60, `${i % 7}`])
  const result = [{ metric: { __name__: 'load' }, values }]
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
})
const stack = await startKillableStack({
  others: [{ name: 'slow', readUrl: store.url, kind: 'prometheus' }],
  // a quick machine would end within any grace what it is stopped at
  grace: '1ms',
})
afterAll(async () => {
  await stack.close()
  await store.close()
})

interface Job {
  readonly jobId: string
  readonly status: string
  readonly error?: object
  readonly forecast?: { readonly series: readonly object[] }
}

async function begin(): Promise<Job> {
  return stack.api('POST', 'forecast-jobs', { query: 'load', datasource: 'slow', step: '1m', predictionLength: 1 })
}

async function over({ jobId }: Job): Promise<Job> {
  return vi.waitFor(async () => {
    const job = await stack.api<Job>('GET', `forecast-jobs/${jobId}`)
    if (job.status === 'queued' || job.status === 'running') throw new Error(`it is ${job.status}`)
    return job
  }, patience)
}

async function killAtQuery(count: number): Promise<void> {
  await vi.waitFor(() => expect(asked).toBe(count), patience)
  await stack.workers.forecast.kill()
  await stack.restart('forecast')
}

/** How many series wait for a network of the worker, as it tells. */
async function waiting(): Promise<number> {
  const text = await (await fetch(`${stack.workers.forecast.url}/metrics`)).text()
  return Number(/^anomaly_times_network_waiting\S* (\d+)/m.exec(text)?.[1])
}

/** That one forecast ended, as the worker that lives has counted: it does so just after the caller can see the end. */
async function endedOnce(result: 'succeeded' | 'failed'): Promise<void> {
  await vi.waitFor(async () => {
    const text = await (await fetch(`${stack.workers.forecast.url}/metrics`)).text()
    const ends = text.split('\n').filter((line) => line.startsWith('anomaly_times_runs_total{flow="forecast-once"'))
    expect(ends).toEqual([`anomaly_times_runs_total{flow="forecast-once",result="${result}"} 1`])
  }, patience)
}

test('a job whose worker is killed is made by another, and ends once', async () => {
  ;[unanswered, asked] = [1, 0]
  const job = await begin()
  await killAtQuery(1)
  expect((await over(job)).forecast?.series).toHaveLength(1)
  expect(asked).toBe(2)
  await endedOnce('succeeded')
})

test('a job that kills its workers is given up, and says so', async () => {
  ;[unanswered, asked] = [9, 0]
  const job = await begin()
  await killAtQuery(1)
  await killAtQuery(2)
  expect(await over(job)).toMatchObject({
    ...{ status: 'failed', error: { code: 'WORKER_LOST', message: expect.stringContaining('killed') } },
  })
  expect(asked).toBe(2)
  await endedOnce('failed')
})

test('a worker that is stopped while it infers hands its job back and ends well', async () => {
  const series = Array.from({ length: 1_000 }, (_, row) => {
    return { labels: { row: `${row}` }, values: Array.from({ length: 300 }, (_, i) => Math.sin(i / (row + 2))) }
  })
  const job = await stack.api<Job>('POST', 'forecast-jobs', { series, model: 'chronos-embedded', predictionLength: 1 })
  await vi.waitFor(async () => expect(await waiting()).toBeGreaterThan(0), { ...patience, interval: 20 })
  const stopped = stack.workers.forecast
  await stopped.stop()
  expect(await stopped.exited).toBe('exit code 0')
  await stack.restart('forecast')
  expect((await over(job)).forecast?.series).toHaveLength(series.length)
  await endedOnce('succeeded')
})
