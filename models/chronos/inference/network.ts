import { toAppError } from '../../errors.ts'
import { batchFeeds, type RunEntries } from '../pipeline/entry.ts'
import type { Session } from '../session/session.ts'
import { type Batch, type BatchQueue, createBatchQueue } from './batch-queue.ts'
import { type Copies, type CopiesOptions, type Copy, createCopies } from './copies.ts'
import type { CoreSlots } from './core-slots.ts'

export interface NetworkOptions extends CopiesOptions {
  /** Cores that a copy computes with. */
  readonly threads: number
  readonly cores: CoreSlots
  /** Most tokens of a batch. */
  readonly batchTokens: number
  /** Series that may wait. */
  readonly queueSeries: number
  /** Copies are closed after so long without work. */
  readonly idleUnloadMs: number
  readonly onBatch: (seconds: number, series: number) => void
}

/** One graph with its weights: batches of all who ask at the moment, on all copies. */
export interface Network {
  readonly run: RunEntries
  readonly waiting: number
  /** Closes the copies of a network without work. What comes later opens it again. */
  unload(): Promise<void>
  /** Everything under way fails at once; resolves when the last run has ended. */
  close(error: unknown): Promise<void>
}

// the next batch lies ready while one is computed, as soon as no other copy could take it
const batchesAhead = 2

export function openNetwork(options: NetworkOptions): Network {
  const queue = createBatchQueue({ tokens: options.batchTokens, capacity: options.queueSeries })
  const copies = createCopies(options)
  const isIdle = () => queue.size === 0 && copies.idle === copies.size
  let isWoken = false
  let unloading: NodeJS.Timeout | undefined

  const unload = async () => {
    if (isIdle() && copies.size > 0) await copies.close()
  }
  /** A turn later, so that all who ask in this one share the batches. */
  const wake = () => {
    if (!isWoken) setImmediate(dispatch)
    isWoken = true
  }
  const employ = async (copy: Copy) => {
    try {
      await serve({ ...options, queue, copies }, await copy.session)
    } catch (error) {
      // one copy is enough to go on with
      if (copies.size === 0) queue.failAll(error)
    }
    await copies.release(copy)
    wake()
  }
  const dispatch = () => {
    isWoken = false
    for (let left = queue.size; left > 0; left--) {
      const copy = copies.acquire()
      if (!copy) break
      void employ(copy)
    }
    if (isIdle()) unloading ??= setTimeout(unload, options.idleUnloadMs).unref()
  }
  return {
    unload,
    get waiting() {
      return queue.waiting
    },
    async run(entries, signal) {
      if (copies.size === 0 && copies.problem !== undefined) throw copies.problem
      clearTimeout(unloading)
      unloading = undefined
      const added = queue.add(entries, signal)
      wake()
      await added
    },
    async close(error) {
      clearTimeout(unloading)
      queue.failAll(error)
      await copies.close()
    },
  }
}

type Serving = Pick<NetworkOptions, 'cores' | 'threads' | 'onBatch'> & {
  readonly queue: BatchQueue
  readonly copies: Copies
}

/** A copy's turn with the cores: as long as there are batches and no other model waits. */
async function serve(serving: Serving, session: Session): Promise<void> {
  const { queue, copies, cores, threads } = serving
  const giveBack = await cores.take(threads)
  const underWay: Promise<void>[] = []
  const next = (): Batch | undefined => {
    const isAhead = underWay.length >= (copies.idle > 0 ? 1 : batchesAhead)
    return session.isOpen && !isAhead ? queue.take(1 + copies.idle) : undefined
  }
  for (let served = 0; ; ) {
    const batch = served > 0 && cores.contended ? undefined : next()
    if (batch) {
      underWay.push(compute(serving, session, batch))
      served += 1
    } else if (underWay.length > 0) await underWay.shift()
    else break
  }
  giveBack()
}

async function compute({ onBatch }: Serving, session: Session, batch: Batch): Promise<void> {
  try {
    const { values, seconds } = await session.run(await batchFeeds(batch.entries))
    onBatch(seconds, batch.entries.length)
    batch.done(values)
  } catch (error) {
    batch.failed(toAppError(error, 'MODEL_FAILED'))
  }
}
