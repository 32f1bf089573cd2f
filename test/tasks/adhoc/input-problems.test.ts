import { expect, test } from 'vitest'
import { inputProblems, invalidInput, shortText } from '../../../tasks/adhoc/input-problems.ts'

test('nothing is wrong until something is', () => {
  const problems = inputProblems('rows')
  problems.throwIfAny()
  problems.add('/rows/1', 'no row')
  expect(() => problems.throwIfAny()).toThrow('rows cannot be used: /rows/1: no row')
})

test('beyond ten they are counted', () => {
  const problems = inputProblems('series')
  for (let i = 0; i < 13; i++) problems.add(`/${i}`, 'bad')
  expect(() => problems.throwIfAny()).toThrow(/\/9: bad; and 3 more$/)
})

test('one field', () => {
  expect(invalidInput('/model', 'unknown')).toMatchObject({
    ...{ code: 'INVALID_PARAMS', message: '/model: unknown', problems: [{ pointer: '/model', detail: 'unknown' }] },
  })
})

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  [[1], 'a list'],
  [{}, 'an object'],
  ['x', '"x"'],
  ['x'.repeat(99), `"${'x'.repeat(38)}…`],
])('%j is %s', (value, text) => {
  expect(shortText(value)).toBe(text)
})
