import { expect, test } from 'vitest'
import { groupBy } from '../../models/group-by.ts'

test('keeps the order of items, and of keys by their first item', () => {
  const groups = groupBy([3, 1, 4, 1, 5].keys(), (i) => i % 2)
  expect([...groups]).toEqual([
    [0, [0, 2, 4]],
    [1, [1, 3]],
  ])
})
