import { afterAll, expect, test } from 'vitest'
import { openDatasources } from '../../../scheduler/datasources/datasources.ts'
import { createMetrics } from '../../../scheduler/process/metrics.ts'
import { datasourceConfig } from '../../../tasks/prometheus/datasource.ts'

const configured = (name: string, tenants?: string[]) =>
  datasourceConfig.parse({ name, kind: 'victoriametrics', readUrl: 'http://127.0.0.1:9', ...(tenants && { tenants }) })

const datasources = openDatasources({
  config: { datasources: [configured('payments', ['red']), configured('shared')] },
  metrics: createMetrics(),
  memory: { load: async () => undefined, save: async () => undefined },
  now: Date.now,
})
afterAll(() => datasources.close())

test('a tenant finds, lists and checks its own datasources and those of all', async () => {
  expect(datasources.list('red').map(({ name }) => name)).toEqual(['payments', 'shared'])
  expect(datasources.list('blue').map(({ name }) => name)).toEqual(['shared'])
  expect(datasources.find('red', undefined)?.name).toBe('payments')
  expect(datasources.find('blue', undefined)?.name).toBe('shared')
  expect(datasources.find('blue', 'payments')).toBeUndefined()
})

test("another tenant's datasource is as unknown as one that is not there", async () => {
  const check = datasources.check('blue', 'payments', AbortSignal.timeout(1_000))
  await expect(check).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'no datasource "payments"; there is shared' })
})
