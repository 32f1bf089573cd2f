import { expect, test } from 'vitest'
import { byTurns } from '../../models/by-turns.ts'

test('gives all items in order, and a turn to others after every few of them', async () => {
  let turns = 0
  const watch = () => {
    turns += 1
    handle = setImmediate(watch)
  }
  let handle = setImmediate(watch)
  const seen: [item: number, turns: number][] = []
  for await (const item of byTurns([1, 2, 3, 4, 5], 2)) seen.push([item, turns])
  clearImmediate(handle)
  expect(seen.map(([item]) => item)).toEqual([1, 2, 3, 4, 5])
  const [first, second, third, fourth, fifth] = seen.map(([, turn]) => turn) as [number, number, number, number, number]
  expect([second - first, fourth - third]).toEqual([0, 0])
  expect(third).toBeGreaterThan(second)
  expect(fifth).toBeGreaterThan(fourth)
})
