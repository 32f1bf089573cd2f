import { expect, test } from 'vitest'
import { labelCache } from '../../../../tasks/prometheus/query/label-cache.ts'

const json = (labels: Record<string, string>) => Buffer.from(JSON.stringify(labels)).toString('latin1')

test('the same bytes give the same object', () => {
  const cache = labelCache()
  const labels = cache.intern(json({ __name__: 'größe', a: '1' }))
  expect(labels).toEqual({ __name__: 'größe', a: '1' })
  expect(cache.intern(json({ __name__: 'größe', a: '1' }))).toBe(labels)
  expect(cache.intern(json({ __name__: 'größe', a: '2' }))).not.toBe(labels)
})

test.each([
  { name: 'another order', text: '{"b":"2","a":"<"}' },
  { name: 'space', text: '{ "a" : "<", "b":"2" }' },
  { name: 'escapes', text: '{"a":"\\u003c","b":"2"}' },
])('$name of the same labels gives the same object', ({ text }) => {
  const cache = labelCache()
  const sorted = cache.intern('{"a":"<","b":"2"}')
  expect(cache.intern(text)).toBe(sorted)
  const other = labelCache()
  expect(other.intern('{"a":"<","b":"2"}')).toEqual(sorted)
  expect(other.intern(text)).toBe(other.intern('{"a":"<","b":"2"}'))
})

test('what is asked for again and again outlives what is not', () => {
  const cache = labelCache(1_000)
  const kept = cache.intern(json({ a: 'kept' }))
  const lost = cache.intern(json({ a: 'lost' }))
  for (let i = 0; i < 1_000; i++) {
    cache.intern(json({ i: `${i}` }))
    cache.intern(json({ a: 'kept' }))
  }
  expect(cache.intern(json({ a: 'kept' }))).toBe(kept)
  expect(cache.intern(json({ a: 'lost' }))).not.toBe(lost)
})

test.each(['["a"]', '{"a":1}', '{"a":null}', '{"a":', '"a"', 'null'])('%s is no label set', (text) => {
  expect(() => labelCache().intern(text)).toThrow()
})
