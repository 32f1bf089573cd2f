import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { startRedis, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { startOwn } from '../scheduler/platform.ts'

/** A scheduler as it is deployed, over a real Redis and a real store; no workers: their runs would share the cores. */
export interface ApiStage {
  /** Seconds that a request took, with its answer. @throws unless it is a success */
  call(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
  ): Promise<{ readonly seconds: number; readonly text: string }>
  close(): Promise<void>
}

export async function openApiStage(): Promise<ApiStage> {
  const dir = mkdtempSync(join(tmpdir(), 'anomaly-times-bench-'))
  const closers: (() => Promise<unknown>)[] = [async () => rmSync(dir, { recursive: true, force: true })]
  const close = async () => {
    for (const end of closers.toReversed()) await end()
  }
  try {
    const redis = await startRedis({ dir })
    closers.push(() => redis.stop())
    const store = await startVictoriaMetrics({ dir })
    closers.push(() => store.stop())
    const datasources = [{ name: 'main', readUrl: store.url, writeUrl: `${store.url}/api/v1/write` }]
    const { process, url } = await startOwn(dir, {
      ...{ name: 'scheduler', args: ['scheduler'], redisUrl: redis.url, datasources },
    })
    closers.push(() => process.stop())
    return {
      async call(method, path, body) {
        const startedMs = performance.now()
        const headers = body === undefined ? {} : { 'content-type': 'application/x-ndjson' }
        const answer = await request(`${url}/api/v1${path}`, { method, headers, body: body ?? null })
        const text = await answer.body.text()
        if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`)
        return { seconds: (performance.now() - startedMs) / 1_000, text }
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
