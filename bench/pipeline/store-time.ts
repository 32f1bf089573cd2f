import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { request } from 'undici'
import type { RangeQuery, SampleBlock } from '../../tasks/deps.ts'
import { compressSnappy, encodeWriteRequest } from '../../tasks/prometheus/write/remote-write-wire.ts'
import { planGroups } from '../../tasks/prometheus/write/write-batches.ts'

export interface StoreRead {
  readonly seconds: number
  /** CPU time of the store's process. */
  readonly cpuSeconds: number
  readonly bytes: number
}

type Range = Pick<RangeQuery, 'query' | 'startMs' | 'endMs' | 'stepMs'>

/** A `query_range` with the settings of our reader. */
export function rangeForm({ query, startMs, endMs, stepMs }: Range): string {
  return new URLSearchParams({
    ...{ query, start: `${startMs / 1_000}`, end: `${endMs / 1_000}`, step: `${stepMs / 1_000}` },
    ...{ timeout: '114', nocache: '1', latency_offset: '1ms' },
  }).toString()
}

/** What the store itself needs for a query: curl to /dev/null, or to a file. */
export async function timeStoreRead(storeUrl: string, range: Range, file = '/dev/null'): Promise<StoreRead> {
  const startedCpu = await cpuSecondsOf(storeUrl)
  const { stdout } = await promisify(execFile)('curl', [
    ...['--silent', '--show-error', '--fail', '--output', file, '--write-out', '%{time_total} %{size_download}'],
    ...['--data', rangeForm(range), `${storeUrl}/api/v1/query_range`],
  ])
  const [seconds = Number.NaN, bytes = Number.NaN] = stdout.split(' ').map(Number)
  return { seconds, cpuSeconds: (await cpuSecondsOf(storeUrl)) - startedCpu, bytes }
}

async function cpuSecondsOf(storeUrl: string): Promise<number> {
  const metrics = await (await fetch(`${storeUrl}/metrics`)).text()
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(metrics)?.[1])
}

/** What the store itself needs to take samples: requests made beforehand, four at a time as our writer sends them. */
export async function timeStoreWrite(storeUrl: string, blocks: readonly SampleBlock[]): Promise<number> {
  const bodies = planGroups(blocks, { maxRows: 1_000, maxSamples: 10_000 }).flatMap(({ rows, ranges }) =>
    ranges.map((range) => compressSnappy(encodeWriteRequest(rows, range).bytes)),
  )
  const waiting = bodies.values()
  const sender = async () => {
    for (const body of waiting) {
      const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }
      const answer = await request(`${storeUrl}/api/v1/write`, { method: 'POST', body, headers })
      await answer.body.dump()
      if (answer.statusCode >= 300) throw new Error(`the store answered ${answer.statusCode} to a write`)
    }
  }
  const startedMs = performance.now()
  await Promise.all([sender(), sender(), sender(), sender()])
  return (performance.now() - startedMs) / 1_000
}
