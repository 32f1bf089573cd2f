import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { DatasourceCheck } from '../../scheduler/api/deps.ts'
import { openDatasources } from '../../scheduler/datasources/datasources.ts'
import { createMetrics } from '../../scheduler/process/metrics.ts'
import { freePort, type Server, startPrometheus, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { datasourceConfig } from '../../tasks/prometheus/datasource.ts'
import { localServer } from '../fakes/local-server.ts'

const dir = mkdtempSync(join(tmpdir(), 'at-check-'))
let victoria: Server
let doubting: Server
let prometheus: Server
beforeAll(async () => {
  const configFile = join(dir, 'prometheus.yml')
  writeFileSync(configFile, '')
  const noDedup = ['-dedup.minScrapeInterval=0s']
  victoria = await startVictoriaMetrics({ dir: join(dir, 'a') })
  doubting = await startVictoriaMetrics({ dir: join(dir, 'b'), extraArgs: noDedup })
  prometheus = await startPrometheus({ dir: join(dir, 'c'), configFile })
})
afterAll(async () => {
  await Promise.all([victoria, doubting, prometheus].map((server) => server?.stop()))
  rmSync(dir, { recursive: true })
})

async function check(fields: object): Promise<DatasourceCheck> {
  const config = datasourceConfig.parse({ name: 'main', timeout: '2s', ...fields })
  const memory = { load: async () => undefined, save: async () => undefined }
  const datasources = openDatasources({
    config: { datasources: [config] },
    metrics: createMetrics(),
    now: Date.now,
    memory,
  })
  onTestFinished(() => datasources.close())
  return datasources.check('default', 'main', AbortSignal.timeout(20_000))
}

const ahead = { severity: 'info', detail: 'the band is drawn ahead of time' }
const stepwise = { severity: 'info', detail: 'detection draws the band, step by step' }

test('VictoriaMetrics as we set it up has nothing to mend', async () => {
  expect(await check({ readUrl: victoria.url })).toEqual({ ok: true, findings: [ahead] })
})

test('VictoriaMetrics without dedup works, with a warning', async () => {
  expect(await check({ readUrl: doubting.url })).toEqual({
    ...{
      ok: true,
      findings: [{ severity: 'warning', detail: expect.stringContaining('-dedup.minScrapeInterval=1ms') }, ahead],
    },
  })
})

test('Prometheus with its receiver works; said to be VictoriaMetrics it is doubted', async () => {
  expect(await check({ readUrl: prometheus.url })).toEqual({
    ...{ ok: true, findings: [stepwise] },
  })
  expect((await check({ readUrl: prometheus.url, kind: 'victoriametrics' })).findings).toContainEqual({
    ...{ severity: 'warning', detail: expect.stringContaining('does not answer as one') },
  })
})

test('a store that takes no writes says why, as the store words it', async () => {
  const words = 'remote write receiver needs to be enabled with --web.enable-remote-write-receiver'
  const readOnly = await localServer((_, response) => void response.writeHead(404).end(words))
  onTestFinished(() => readOnly.close())
  const writeUrl = `${readOnly.url}/api/v1/write`
  expect(await check({ readUrl: victoria.url, writeUrl })).toMatchObject({
    ...{ ok: false, findings: [{ severity: 'error', detail: expect.stringContaining(words) }, stepwise] },
  })
})

test('nobody there fails for reading and for writing', async () => {
  const { ok, findings } = await check({ readUrl: `http://127.0.0.1:${await freePort()}` })
  expect(ok).toBe(false)
  expect(findings.map(({ detail }) => detail.split(':')[0])).toEqual(['reading', 'writing'])
})
