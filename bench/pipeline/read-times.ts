import type { RangeQuery } from '../../tasks/deps.ts'
import { median } from '../report.ts'
import type { Rig } from './rig.ts'
import { rangeForm, type StoreRead, timeStoreRead } from './store-time.ts'

/** One of several ways to take the same answer. */
interface Reading {
  readonly seconds: number
  /** CPU time of our process, user and system. */
  readonly cpuSeconds: number
}

export interface ReadTimes {
  /** The answer to curl, written to /dev/null. */
  readonly store: StoreRead
  /** The same bytes through our HTTP client, dropped. */
  readonly received: Reading
  /** The whole reader: received and parsed into a panel. */
  readonly read: Reading
}

/**
 * By turns, so that what disturbs one disturbs the others. Our shares are CPU time: while we read, the store is at work
 * on the same cores, so that wall time would count its work as ours.
 */
export async function timeReading({ deps, http, storeUrl }: Rig, range: RangeQuery): Promise<ReadTimes> {
  // the first reading warms the store's caches for all
  await timeStoreRead(storeUrl, range)
  const turns: ReadTimes[] = []
  for (let i = 0; i < 3; i++) {
    turns.push({
      store: await timeStoreRead(storeUrl, range),
      received: await timeOurs(() => receive(http, storeUrl, range)),
      read: await timeOurs(() => deps.reader.queryRange(range, deps.signal)),
    })
  }
  const middle = (way: 'received' | 'read') =>
    median(
      turns.map((turn) => turn[way]),
      ({ cpuSeconds }) => cpuSeconds,
    )
  const store = median(
    turns.map((turn) => turn.store),
    ({ seconds }) => seconds,
  )
  return { store, received: middle('received'), read: middle('read') }
}

async function timeOurs(work: () => Promise<unknown>): Promise<Reading> {
  const [startedMs, started] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(started)
  return { seconds: (performance.now() - startedMs) / 1_000, cpuSeconds: (user + system) / 1e6 }
}

async function receive(http: Rig['http'], storeUrl: string, range: RangeQuery): Promise<void> {
  const response = await http.request({
    ...{ method: 'POST', url: `${storeUrl}/api/v1/query_range`, body: rangeForm(range) },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  await response.read(() => true)
}
