import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeMisfit } from '../../../scheduler/config/describe-misfit.ts'

const schema = z.strictObject({ count: z.int().max(3), names: z.array(z.string()) })

function misfitOf(value: unknown) {
  const { error } = schema.safeParse(value)
  return error && describeMisfit(schema)(error, value)
}

test('every problem is told in plain words, with its place', () => {
  expect(misfitOf({ count: 4, name: [] })).toEqual({
    text: '/count: must be at most 3; /names: is missing; /name: no such field; did you mean "names"?',
    problems: [
      { pointer: '/count', detail: 'must be at most 3' },
      { pointer: '/names', detail: 'is missing' },
      { pointer: '/name', detail: 'no such field; did you mean "names"?' },
    ],
  })
})

test('a value that is wrong as a whole has no place', () => {
  expect(misfitOf(3)?.text).toMatch(/^expected object/)
})

test('beyond fifty they are counted', () => {
  const misfit = misfitOf({ count: 1, names: Array.from({ length: 60 }, () => 1) })
  expect(misfit?.problems).toHaveLength(50)
  expect(misfit?.text).toMatch(/; and 10 more$/)
})
