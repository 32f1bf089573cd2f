import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { createBreaker } from '../../../tasks/prometheus/breaker.ts'
import { datasourceConfig, resolveDatasource } from '../../../tasks/prometheus/datasource.ts'
import type { DatasourceHttp, HttpResponse } from '../../../tasks/prometheus/http-client.ts'
import { storeKind } from '../../../tasks/prometheus/store-kind.ts'

const datasource = (kind: 'auto' | 'victoriametrics' | 'mimir') =>
  resolveDatasource(datasourceConfig.parse({ name: 'main', kind, readUrl: 'http://store' }))

/** Answers with each text in turn; undefined is no answer. */
function answering(...texts: (string | undefined)[]): DatasourceHttp {
  return {
    breaker: createBreaker(),
    async request() {
      const text = texts.shift()
      if (text === undefined) throw new AppError('STORE_UNAVAILABLE', 'nobody there')
      return { status: 200, text: async () => text } as HttpResponse
    },
    async close() {},
  }
}

test.each([
  { kind: 'victoriametrics', metricsQl: true },
  { kind: 'mimir', metricsQl: false },
] as const)("$kind is the operator's word: nobody is asked", async ({ kind, metricsQl }) => {
  expect(await storeKind(datasource(kind), answering(), () => 0)()).toBe(metricsQl)
})

test.each([
  { text: '{"topByCount":[]}', metricsQl: true },
  { text: 'hello', metricsQl: false },
])('the answer $text is kept', async ({ text, metricsQl }) => {
  const kind = storeKind(datasource('auto'), answering(text), () => 0)
  expect([await kind(), await kind()]).toEqual([metricsQl, metricsQl])
})

test('no answer is asked for again, a minute later', async () => {
  const clock = { nowMs: 0 }
  const kind = storeKind(datasource('auto'), answering(undefined, '{"topByCount":[]}'), () => clock.nowMs)
  expect([await kind(), await kind()]).toEqual([false, false])
  clock.nowMs = 60_000
  expect(await kind()).toBe(true)
  clock.nowMs = 1e9
  expect(await kind()).toBe(true)
})
