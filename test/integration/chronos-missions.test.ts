import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startDelayMs } from '../../scheduler/planning/schedule-spec.ts'
import { exportSeries } from '../scenarios/store-audit.ts'
import { flushStore, importSeries, minuteMs } from '../scenarios/world.ts'
import { startKillableStack } from './killable-stack.ts'

const patience = { timeout: 60_000, interval: 200 }
vi.setConfig({ testTimeout: patience.timeout })

const stack = await startKillableStack()
const pods = ['a', 'b', 'c']

beforeAll(writeLoad)
afterAll(() => stack.close())

test('a mission forecasts with the checkpoint at a path', async () => {
  const id = await register('chronos', resolve('test/fixtures/chronos/chronos2'))
  const run = await forecastOf(id)
  expect(run.summary).toMatchObject({ read: pods.length, forecast: pods.length })
  expect(run.summary).not.toHaveProperty('fallback')
  expect((await statusOf(id)).fallback).toBeUndefined()
  await flushStore(stack.storeUrl)
  const drawn = await exportSeries(stack.storeUrl, `anomaly_pred{mission="${id}"}`)
  expect(new Set(drawn.map(({ labels }) => labels.pod))).toEqual(new Set(pods))
  expect(drawn.every(({ values }) => values.every(Number.isFinite))).toBe(true)
  await vi.waitFor(async () => expect(await scoredSeries(id)).toBe(pods.length), patience)
})

test('covariates change its forecast, and the status tells who lacks one; Bolt takes none', async () => {
  const covariates = {
    queries: [{ name: 'visits', query: 'visits', on: ['pod'] }],
    ...{ calendar: ['hourOfDay'], holidays: { countries: ['DE'] } },
  }
  await expect(register('bolt', resolve('test/fixtures/chronos/bolt'), { covariates })).rejects.toThrow(
    /422.*"pointer":"\/covariates","detail":"model .*bolt forecasts each series by itself/,
  )
  const model = resolve('test/fixtures/chronos/chronos2')
  const [plain, informed] = [await register('plain', model), await register('informed', model, { covariates })]
  await forecastOf(plain)
  const { summary } = await forecastOf(informed)
  const used = { visits: 2, 'hourOfDay.sin': 3, 'hourOfDay.cos': 3 }
  expect(summary).toMatchObject({ forecast: pods.length, covariates: { used, missing: { visits: 1 } } })
  expect(summary).not.toHaveProperty('fallback')
  expect((await statusOf(informed)).covariatesMissing).toEqual({ visits: 1 })
  const metrics = await (await fetch(`${stack.workers.forecast.url}/metrics`)).text()
  expect(metrics).toMatch(/^anomaly_times_covariates_missing_total [1-9]/m)
  await flushStore(stack.storeUrl)
  const lastOf = async (id: string) => {
    const [drawn] = await exportSeries(stack.storeUrl, `anomaly_pred{mission="${id}",pod="a"}`)
    return drawn?.values.at(-1)
  }
  expect(await lastOf(informed)).not.toBe(await lastOf(plain))
})

test('where there is no such folder the fall-back forecasts, and run, status and metrics tell why', async () => {
  const id = await register('missing', './nowhere')
  const fallback = 'fallback:MODEL_MISSING'
  const model = 'seasonal-naive'
  expect((await forecastOf(id)).summary).toMatchObject({ forecast: pods.length, model, fallback })
  expect(await statusOf(id)).toMatchObject({ consecutiveFailures: 0, fallback })
  const metrics = await (await fetch(`${stack.workers.forecast.url}/metrics`)).text()
  expect(metrics).toMatch(/^anomaly_times_fallback_series_total\{reason="MODEL_MISSING"\} [1-9]/m)
})

test('a model of the store is named, once it is installed; without it the fall-back forecasts', async () => {
  const folder = join(stack.modelsDir, 'acme', 'tiny')
  await expect(register('stored', 'acme/tiny')).rejects.toThrow(/422.*is not installed.*anomaly-times models pull acme/)
  cpSync('test/fixtures/chronos/bolt', folder, { recursive: true })
  const present = await register('stored', 'acme/tiny')
  expect((await forecastOf(present)).summary).not.toHaveProperty('fallback')
  const other = await register('gone', 'acme/tiny')
  rmSync(folder, { recursive: true })
  await stack.api('POST', `missions/${other}/trigger`, { flow: 'forecast', recompute: true })
  await vi.waitFor(async () => expect((await statusOf(other)).fallback).toBe('fallback:MODEL_MISSING'), patience)
})

test('onnxruntime is loaded by the worker that forecasts, and by no other process', () => {
  const { scheduler, workers } = stack
  const loads = ({ pid }: { readonly pid: number }) => readFileSync(`/proc/${pid}/maps`, 'utf8').includes('onnxruntime')
  expect({ scheduler: loads(scheduler), detect: loads(workers.detect), forecast: loads(workers.forecast) }).toEqual({
    scheduler: false,
    detect: false,
    forecast: true,
  })
})

/** Starts are spread over a minute by a hash of the id: one that starts at once. */
function promptId(prefix: string): string {
  for (let n = 0; ; n++) if (startDelayMs(`default/${prefix}-${n}.forecast`, minuteMs) < 500) return `${prefix}-${n}`
}

async function register(prefix: string, model: string, fields: object = {}): Promise<string> {
  const id = promptId(prefix)
  await stack.api('PUT', `missions/${id}`, {
    ...{ id, query: 'load', step: '1m', context: '1h', evalDelay: '2s', model },
    ...{ forecast: { every: '20m' }, detect: { every: '5s' } },
    ...fields,
  })
  return id
}

interface RunView {
  readonly summary: Readonly<Record<string, unknown>>
}

function forecastOf(mission: string): Promise<RunView> {
  return vi.waitFor(async () => {
    const { runs } = await stack.api<{ runs: RunView[] }>(
      'GET',
      `runs?mission=${mission}&flow=forecast&state=succeeded`,
    )
    if (!runs[0]) throw new Error(`no forecast of ${mission} has succeeded`)
    return runs[0]
  }, patience)
}

interface StatusView {
  readonly fallback?: string
  readonly series?: Readonly<Record<string, number>>
  readonly covariatesMissing?: Readonly<Record<string, number>>
}

async function statusOf(mission: string): Promise<StatusView> {
  return (await stack.api<{ status: StatusView }>('GET', `missions/${mission}`)).status
}

async function scoredSeries(mission: string): Promise<number> {
  return (await statusOf(mission)).series?.ok ?? 0
}

/** `load{pod}`, and `visits{pod}` of two of them, every 10 s, for two hours up to now and a few minutes after it. */
async function writeLoad(): Promise<void> {
  const nowMs = Math.floor(Date.now() / 10_000) * 10_000
  const timestampsMs = Array.from({ length: 750 }, (_, i) => nowMs - 120 * minuteMs + i * 10_000)
  const series = pods.map((pod, i) => ({
    labels: { __name__: 'load', pod },
    timestampsMs,
    values: timestampsMs.map((ms) => 100 * (i + 1) + 5 * Math.sin(ms / 300_000)),
  }))
  const visits = pods.slice(0, 2).map((pod, i) => ({
    labels: { __name__: 'visits', pod },
    timestampsMs,
    values: timestampsMs.map((ms) => 10 * Math.cos(ms / (200_000 * (i + 1)))),
  }))
  await importSeries(stack.storeUrl, [...series, ...visits])
}
