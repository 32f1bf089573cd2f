import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'bullmq'
import { expect, test, vi } from 'vitest'
import { closeWorker } from '../../scheduler/queue/close-worker.ts'
import { realRedis } from './real-redis.ts'

vi.setConfig({ testTimeout: 30_000 })

const real = realRedis()

async function openWorker() {
  const connection = real.connect()
  const worker = new Worker('closing', async () => undefined, { connection })
  worker.on('error', () => undefined)
  await worker.waitUntilReady()
  return { worker, connection, stopping: new AbortController() }
}

test('an idle worker closes without aborting anything', async () => {
  const opened = await openWorker()
  await closeWorker({ ...opened, isIdle: true }, 10_000)
  expect(opened.stopping.signal.aborted).toBe(false)
  await vi.waitFor(() => expect(opened.connection.status).toBe('end'))
})

test('one that is idle while Redis is away closes, and connects no more', async () => {
  const opened = await openWorker()
  const lost = once(opened.connection, 'close')
  const back = real.restart(1_000)
  await lost
  await closeWorker({ ...opened, isIdle: true }, 10_000)
  await back
  // longer than a client waits before it connects again
  await sleep(2_500)
  expect(opened.connection.status).not.toBe('ready')
})
