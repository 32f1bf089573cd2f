import { expect, test } from 'vitest'
import { inputProblems, invalidInput, shortText } from '../../../tasks/adhoc/input-problems.ts'

test('nothing is wrong until something is', () => {
  const problems = inputProblems('rows')
  problems.throwIfAny()
  problems.add('/rows/1', 'no row')
  expect(() => problems.throwIfAny()).toThrow('rows cannot be used: /rows/1: no row')
})

test('of each cause there is one example and a count; beyond ten problems they are only counted', () => {
  const problems = inputProblems('series')
  for (let i = 0; i < 13; i++) problems.add(`/${i}`, `${i} is bad`, 'bad')
  problems.add('/20', 'worse')
  expect(() => problems.throwIfAny()).toThrow(
    expect.objectContaining({
      message: 'series cannot be used: /0: 0 is bad (and 12 more); /20: worse',
      problems: Array.from({ length: 10 }, (_, i) => ({ pointer: `/${i}`, detail: `${i} is bad` })),
    }),
  )
})

test('of causes there are ten at most, and the others are counted', () => {
  const problems = inputProblems('series')
  for (let i = 0; i < 13; i++) problems.add(`/${i}`, `bad ${i}`)
  expect(() => problems.throwIfAny()).toThrow(/: \/0: bad 0; .*\/9: bad 9; and 3 more$/)
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
