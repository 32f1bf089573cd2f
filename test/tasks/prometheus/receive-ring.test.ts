import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { datasourceConfig, resolveDatasource } from '../../../tasks/prometheus/datasource.ts'
import { datasourceHttp } from '../../../tasks/prometheus/http-client.ts'
import { localServer } from '../../fakes/local-server.ts'

const body = randomBytes(6 * 1024 * 1024)

/** All of the answer, read after it has had time to fill every buffer on its way. */
async function receive(answer: (response: ServerResponse) => void): Promise<Buffer> {
  await using server = await localServer((_, response) => answer(response))
  const http = datasourceHttp(resolveDatasource(datasourceConfig.parse({ name: 'main', readUrl: server.url })))
  const response = await http.request({ method: 'GET', url: server.url })
  await sleep(50)
  const received: Buffer[] = []
  await response.read((chunk) => received.push(Buffer.from(chunk)) > 0)
  await http.close()
  return Buffer.concat(received)
}

test.each<{ name: string; answer: (response: ServerResponse) => void }>([
  { name: 'of known length', answer: (response) => void response.end(body) },
  {
    name: 'in chunks',
    answer(response) {
      for (let from = 0; from < body.length; from += 40_000) response.write(body.subarray(from, from + 40_000))
      response.end()
    },
  },
  {
    name: 'that waits for its decoder',
    answer: (response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync(body, { level: 1 })),
  },
])('a body several times the ring, $name, arrives byte for byte', async ({ answer }) => {
  expect((await receive(answer)).equals(body)).toBe(true)
})
