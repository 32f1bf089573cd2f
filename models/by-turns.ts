import { setImmediate as nextTurn } from 'node:timers/promises'

/** Items one by one; after every `perTurn` of them the thread serves others for a turn. */
export async function* byTurns<T>(items: Iterable<T>, perTurn: number): AsyncGenerator<T> {
  let count = 0
  for (const item of items) {
    if (count > 0 && count % perTurn === 0) await nextTurn()
    count += 1
    yield item
  }
}
