import { expect, test } from 'vitest'
import { recentlyUsed } from '../../../tasks/cache/recent.ts'

test('lets go of what was unused for longest once the weight is too much', () => {
  const recent = recentlyUsed<string>(10)
  recent.set('a', 'A', 4)
  recent.set('b', 'B', 4)
  recent.get('a')
  recent.set('c', 'C', 4)
  expect(['a', 'b', 'c'].map((key) => recent.get(key))).toEqual(['A', undefined, 'C'])
})

test('keeps the newest, whatever it weighs', () => {
  const recent = recentlyUsed<string>(10)
  recent.set('a', 'A', 4)
  recent.set('b', 'B', 100)
  expect(['a', 'b'].map((key) => recent.get(key))).toEqual([undefined, 'B'])
})

test('a value set again weighs once', () => {
  const recent = recentlyUsed<string>(10)
  recent.set('a', 'A', 4)
  for (let i = 0; i < 5; i++) recent.set('b', `B${i}`, 6)
  expect(['a', 'b'].map((key) => recent.get(key))).toEqual(['A', 'B4'])
})
