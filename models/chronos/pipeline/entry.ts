import type { Feed } from '../session/session.ts'

export type Feeds = Readonly<Record<string, Feed>>

/** What goes through a network by itself, a row or the rows of a group. Who runs it chooses its company. */
export interface Entry {
  /** Entries of one network with the same key may share a batch: all shapes and constants are equal. */
  readonly key: string
  /** Of all its rows. */
  readonly tokens: number
  /** Its inputs, [rows, ...] each; made when its turn comes, so that what waits costs no memory. Many rows take turns. */
  feeds(): Feeds | Promise<Feeds>
  /** Inputs that a whole batch has once. */
  readonly constants?: () => Feeds
  /** Takes its part of the output, as a view of what the whole batch gave. */
  take(output: Float32Array): void
}

/** Runs a network; resolves once every entry has taken its output. */
export type RunEntries = (entries: readonly Entry[], signal?: AbortSignal) => Promise<void>

/** Inputs of a batch: those of its entries one after the other. */
export async function batchFeeds(entries: readonly Entry[]): Promise<Feeds> {
  // all at once: batches of like entries are ready in the order in which they were begun
  const made = await Promise.all(entries.map((entry) => entry.feeds()))
  const joined = Object.keys(made[0] ?? {}).map((name) => [name, join(made.map((feeds) => feeds[name]!))] as const)
  return { ...Object.fromEntries(joined), ...entries[0]?.constants?.() }
}

function join(feeds: readonly Feed[]): Feed {
  const [first] = feeds as [Feed]
  if (feeds.length === 1) return first
  const size = first.values.length
  const values = new Float32Array(size * feeds.length)
  for (const [i, feed] of feeds.entries()) values.set(feed.values as Float32Array, i * size)
  return { values, shape: [first.shape[0]! * feeds.length, ...first.shape.slice(1)] }
}

/** Hands each entry its part of a batch's output. */
export function takeOutputs(entries: readonly Entry[], output: Float32Array): void {
  const size = output.length / entries.length
  for (const [i, entry] of entries.entries()) entry.take(output.subarray(i * size, (i + 1) * size))
}
