import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Batch, createBatchQueue } from '../../../../models/chronos/inference/batch-queue.ts'
import type { Entry } from '../../../../models/chronos/pipeline/entry.ts'

const tokensEach = 10

interface NamedEntry extends Entry {
  readonly name: string
}

/** `a0`, `a1`...; what they take is noted. */
function entriesOf(name: string, count: number, { key = 'same', taken = [] as string[] } = {}): NamedEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    ...{ name: `${name}${i}`, key, tokens: tokensEach },
    feeds: () => ({}),
    take: ([value]) => void taken.push(`${name}${i}=${value}`),
  }))
}

const names = (batch: Batch | undefined) => batch?.entries.map((entry) => (entry as NamedEntry).name)
/** One number for each entry. */
const outputOf = (batch: Batch) => Float32Array.from(batch.entries, (_, i) => i)
const queueOf = (series: number, capacity = 1_000) => createBatchQueue({ tokens: series * tokensEach, capacity })

describe('batches', () => {
  test('have entries of all calls, an equal part of each', () => {
    const queue = queueOf(4)
    for (const [name, count] of [
      ['a', 5],
      ['b', 1],
      ['c', 2],
    ] as const)
      void queue.add(entriesOf(name, count))
    expect(names(queue.take(1))).toEqual(['a0', 'b0', 'c0', 'a1'])
    expect(names(queue.take(1))).toEqual(['a2', 'c1', 'a3', 'a4'])
    expect(queue.take(1)).toBeUndefined()
  })

  test('have one key each, and keys take turns', () => {
    const queue = queueOf(2)
    void queue.add(entriesOf('long', 6, { key: 'long' }))
    void queue.add(entriesOf('short', 1, { key: 'short' }))
    expect([1, 2, 3].map(() => names(queue.take(1)))).toEqual([['long0', 'long1'], ['short0'], ['long2', 'long3']])
  })

  test('a call with several keys comes to each of them', () => {
    const queue = queueOf(2)
    void queue.add([...entriesOf('a', 3, { key: 'x' }), ...entriesOf('b', 1, { key: 'y' })])
    expect([1, 2, 3].map(() => names(queue.take(1)))).toEqual([['a0', 'a1'], ['a2'], ['b0']])
  })

  test.each([
    { waiting: 9, takers: 1, sizes: [3, 3, 3] },
    { waiting: 5, takers: 1, sizes: [3, 2] },
    { waiting: 4, takers: 2, sizes: [2, 2] },
    { waiting: 1, takers: 2, sizes: [1] },
  ])('$waiting entries for $takers takers are batches of $sizes', ({ waiting, takers, sizes }) => {
    const queue = queueOf(4)
    void queue.add(entriesOf('a', waiting))
    const taken: number[] = []
    for (let batch = queue.take(takers); batch; batch = queue.take(Math.max(1, takers - taken.length)))
      taken.push(batch.entries.length)
    expect(taken).toEqual(sizes)
  })

  test('an entry that is larger than a batch goes alone', () => {
    const queue = createBatchQueue({ tokens: tokensEach - 1, capacity: 10 })
    void queue.add(entriesOf('a', 2))
    expect(names(queue.take(1))).toEqual(['a0'])
  })
})

test('each call ends when its own last entry has its output', async () => {
  const queue = queueOf(3)
  const taken: string[] = []
  let isEnded = false
  const long = queue.add(entriesOf('a', 4, { taken })).then(() => {
    isEnded = true
  })
  const short = queue.add(entriesOf('b', 1, { taken }))
  const [first, second] = [queue.take(1), queue.take(1)] as [Batch, Batch]
  first.done(outputOf(first))
  await short
  expect(isEnded).toBe(false)
  second.done(outputOf(second))
  await long
  expect(taken).toEqual(['a0=0', 'b0=1', 'a1=2', 'a2=0', 'a3=1'])
})

test('a batch that fails fails the calls in it, and what they have left is not computed', async () => {
  const queue = queueOf(2)
  const failing = queue.add(entriesOf('a', 5))
  const batch = queue.take(1)
  const other = queue.add(entriesOf('b', 1))
  const error = new Error('no')
  batch?.failed(error)
  await expect(failing).rejects.toBe(error)
  const next = queue.take(1) as Batch
  expect(names(next)).toEqual(['b0'])
  next.done(outputOf(next))
  await other
})

describe('a call that is aborted', () => {
  test('ends at once, with the reason; its entries are neither computed nor heard', async () => {
    const queue = queueOf(2)
    const controller = new AbortController()
    const taken: string[] = []
    const aborted = queue.add(entriesOf('a', 5, { taken }), controller.signal)
    const other = queue.add(entriesOf('b', 2, { taken }))
    const batch = queue.take(1) as Batch
    controller.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    expect(queue.size).toBe(1)
    batch.done(outputOf(batch))
    const last = queue.take(1) as Batch
    last.done(outputOf(last))
    await other
    expect(taken).toEqual(['b0=1', 'b1=0'])
  })

  test('before it was added adds nothing', async () => {
    const queue = queueOf(2)
    await expect(queue.add(entriesOf('a', 1), AbortSignal.abort('late'))).rejects.toBe('late')
    expect(queue.size).toBe(0)
  })
})

test('who comes when the queue is full waits outside, in order, and may leave', async () => {
  const queue = queueOf(2, 3)
  const controller = new AbortController()
  void queue.add(entriesOf('a', 4))
  const leaving = queue.add(entriesOf('b', 1), controller.signal)
  void queue.add(entriesOf('c', 1))
  expect([queue.size, queue.waiting]).toEqual([4, 6])
  controller.abort('gone')
  await expect(leaving).rejects.toBe('gone')
  await turn()
  expect([queue.size, queue.waiting]).toEqual([4, 5])
  expect(names(queue.take(1))).toEqual(['a0', 'a1'])
  // now there is room
  expect(names(queue.take(1))).toEqual(['a2', 'c0'])
})

test('when all fails, also what is under way and what waits outside does', async () => {
  const queue = queueOf(1, 1)
  const calls = ['a', 'b', 'c'].map((name) => queue.add(entriesOf(name, 1)))
  queue.take(1)
  const error = new Error('closed')
  queue.failAll(error)
  expect(await Promise.allSettled(calls)).toEqual(calls.map(() => ({ status: 'rejected', reason: error })))
  expect([queue.size, queue.take(1)]).toEqual([0, undefined])
})

test('nothing to do is done', async () => {
  await queueOf(1).add([])
})
