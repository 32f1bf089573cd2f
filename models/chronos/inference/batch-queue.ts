import { groupBy } from '../../group-by.ts'
import { type Entry, takeOutputs } from '../pipeline/entry.ts'

export interface Batch {
  readonly entries: readonly Entry[]
  done(output: Float32Array): void
  failed(error: unknown): void
}

export interface BatchQueue {
  /** Entries that wait for their turn. */
  readonly size: number
  /** Those as well that wait for room. */
  readonly waiting: number
  /** Resolves once every entry has taken its output; waits for room first. Rejects with the reason of the signal. */
  add(entries: readonly Entry[], signal?: AbortSignal): Promise<void>
  /** The next batch. With few entries left they are spread over so many takers. */
  take(takers: number): Batch | undefined
  /** Everything that waits or is under way ends with this error. */
  failAll(error: unknown): void
}

export interface BatchQueueOptions {
  /** Most tokens of a batch; one entry may have more. */
  readonly tokens: number
  /** Entries that may wait; who comes later waits outside, in order. */
  readonly capacity: number
}

/** One `add`. */
interface Call {
  /** By key, the next entry last. */
  readonly waiting: Map<string, Entry[]>
  readonly count: number
  end(error?: { readonly reason: unknown }): void
  finished(count: number): void
  ended: boolean
}

/**
 * Entries of all calls, put together in batches of one key. Calls take turns: whoever has waited longest decides on the
 * key, and every call that has entries of it gets an equal part, so one series never waits for the rest of ten thousand.
 */
export function createBatchQueue({ tokens, capacity }: BatchQueueOptions): BatchQueue {
  /** The one that has waited longest is first. */
  let calls: Call[] = []
  let outside: Call[] = []
  const underWay = new Set<Call>()
  let size = 0

  const admit = () => {
    while (outside[0] && size < capacity) {
      const call = outside.shift()!
      size += call.count
      calls.push(call)
    }
  }
  const remove = (call: Call) => {
    if (calls.includes(call)) {
      calls = calls.filter((other) => other !== call)
      size -= waitingCount(call)
    } else outside = outside.filter((other) => other !== call)
    underWay.delete(call)
    admit()
  }

  return {
    get size() {
      return size
    },
    get waiting() {
      return outside.reduce((sum, { count }) => sum + count, size)
    },
    add(entries, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      if (entries.length === 0) return Promise.resolve()
      return new Promise((resolve, reject) => {
        const call = createCall(entries, (error) => {
          signal?.removeEventListener('abort', aborted)
          remove(call)
          if (error) reject(error.reason)
          else resolve()
        })
        const aborted = () => call.end({ reason: signal?.reason })
        signal?.addEventListener('abort', aborted)
        underWay.add(call)
        outside.push(call)
        admit()
      })
    },
    take(takers) {
      const key = calls[0]?.waiting.keys().next().value
      if (key === undefined) return undefined
      const sharing = calls.filter(({ waiting }) => waiting.has(key))
      const chosen = choose(sharing, key, wantedOf(sharing, key, { tokens, takers }))
      size -= chosen.length
      const served = new Set(chosen.map(({ call }) => call))
      calls = [...calls.filter((call) => !served.has(call)), ...[...served].filter(({ waiting }) => waiting.size > 0)]
      admit()
      return batchOf(chosen)
    },
    failAll(reason) {
      for (const call of [...underWay]) call.end({ reason })
    },
  }
}

function createCall(entries: readonly Entry[], onEnd: (error?: { readonly reason: unknown }) => void): Call {
  let left = entries.length
  const waiting = groupBy(entries, ({ key }) => key)
  for (const list of waiting.values()) list.reverse()
  const call: Call = {
    waiting,
    count: entries.length,
    ended: false,
    end(error) {
      if (call.ended) return
      call.ended = true
      onEnd(error)
    },
    finished(count) {
      left -= count
      if (left === 0) call.end()
    },
  }
  return call
}

function waitingCount({ waiting }: Call): number {
  return [...waiting.values()].reduce((sum, { length }) => sum + length, 0)
}

/** As few batches as hold all, or one for each taker, of equal size. */
function wantedOf(
  sharing: readonly Call[],
  key: string,
  { tokens, takers }: { readonly tokens: number; readonly takers: number },
): number {
  const lists = sharing.map(({ waiting }) => waiting.get(key)!)
  const available = lists.reduce((sum, { length }) => sum + length, 0)
  const most = Math.max(1, Math.floor(tokens / lists[0]![0]!.tokens))
  return Math.ceil(available / Math.max(Math.ceil(available / most), Math.min(takers, available)))
}

interface Chosen {
  readonly call: Call
  readonly entry: Entry
}

/** Takes entries from the calls, one of each in turn. */
function choose(sharing: readonly Call[], key: string, wanted: number): Chosen[] {
  const chosen: Chosen[] = []
  let left = sharing
  while (chosen.length < wanted) {
    const round = left.slice(0, wanted - chosen.length)
    for (const call of round) {
      const list = call.waiting.get(key)!
      chosen.push({ call, entry: list.pop()! })
      if (list.length === 0) call.waiting.delete(key)
    }
    left = left.filter(({ waiting }) => waiting.has(key))
  }
  return chosen
}

function batchOf(chosen: readonly Chosen[]): Batch {
  const entries = chosen.map(({ entry }) => entry)
  const calls = [...groupBy(chosen, ({ call }) => call)]
  return {
    entries,
    done(output) {
      // who has gone takes nothing
      const heard = chosen.map(({ call, entry }) => (call.ended ? { ...entry, take() {} } : entry))
      takeOutputs(heard, output)
      for (const [call, { length }] of calls) call.finished(length)
    },
    failed(reason) {
      for (const [call] of calls) call.end({ reason })
    },
  }
}
