import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RangeQuery } from '../../tasks/deps.ts'
import { connectStore, type Rig, type StoreConnection } from './rig.ts'
import { timeStoreRead } from './store-time.ts'

/** The store's answer to one query, given again and again by a process that has nothing else to do. */
export interface Replay extends StoreConnection {
  close(): Promise<void>
}

export async function openReplay({ dir, store }: Rig, range: RangeQuery): Promise<Replay> {
  const file = join(dir, 'answer.json')
  await timeStoreRead(store.url, range, file)
  const server = fork(fileURLToPath(new URL('./replay-server.js', import.meta.url)), [file])
  const [port] = await once(server, 'message')
  const connection = connectStore(`http://127.0.0.1:${port}`)
  return {
    ...connection,
    async close() {
      await connection.http.close()
      server.disconnect()
    },
  }
}
