import type { RangeQuery } from '../../tasks/deps.ts'
import { openReplay } from './replay.ts'
import type { Rig, StoreConnection } from './rig.ts'
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
  /** The whole reader while the store is at work: received and parsed into a panel. */
  readonly read: Reading
  /** The whole reader over the same bytes from a process that only sends them. */
  readonly replayed: Reading
  /** The bytes of `replayed` through our HTTP client, dropped. */
  readonly received: Reading
}

const turnCount = 5

/**
 * The least of some turns, for the store as for us: what else a machine does only adds, up to twice the time. Our shares
 * are CPU time: while we read, the store is at work on the same cores, so that wall time would count its work as ours.
 * Its work slows ours as well (caches, memory), which is why parsing is timed without it.
 */
export async function timeReading(rig: Rig, range: RangeQuery): Promise<ReadTimes> {
  const { store } = rig
  // this reading warms the store's caches for all
  const replay = await openReplay(rig, range)
  const turns: ReadTimes[] = []
  for (let i = 0; i < turnCount; i++) {
    turns.push({
      store: await timeStoreRead(store.url, range),
      read: await timeOurs(() => store.reader.queryRange(range)),
      replayed: await timeOurs(() => replay.reader.queryRange(range)),
      received: await timeOurs(() => receive(replay, range)),
    })
  }
  await replay.close()
  const least = <Way extends keyof ReadTimes>(way: Way, cost: (time: ReadTimes[Way]) => number) =>
    turns.map((turn) => turn[way]).reduce((best, time) => (cost(time) < cost(best) ? time : best))
  const cpu = ({ cpuSeconds }: Reading) => cpuSeconds
  return {
    store: least('store', ({ seconds }) => seconds),
    ...{ read: least('read', cpu), replayed: least('replayed', cpu), received: least('received', cpu) },
  }
}

async function timeOurs(work: () => Promise<unknown>): Promise<Reading> {
  const [startedMs, started] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(started)
  return { seconds: (performance.now() - startedMs) / 1_000, cpuSeconds: (user + system) / 1e6 }
}

async function receive({ http, url }: StoreConnection, range: RangeQuery): Promise<void> {
  const response = await http.request({
    ...{ method: 'POST', url: `${url}/api/v1/query_range`, body: rangeForm(range) },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  await response.read(() => true)
}
