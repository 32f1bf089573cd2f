import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { mergePatch, rewrite } from '../../../scheduler/api/merge-patch.ts'

// RFC 7396, appendix A
test.each([
  { target: { a: 'b' }, patch: { a: 'c' }, merged: { a: 'c' } },
  { target: { a: 'b' }, patch: { b: 'c' }, merged: { a: 'b', b: 'c' } },
  { target: { a: 'b' }, patch: { a: null }, merged: {} },
  { target: { a: 'b', b: 'c' }, patch: { a: null }, merged: { b: 'c' } },
  { target: { a: ['b'] }, patch: { a: 'c' }, merged: { a: 'c' } },
  { target: { a: 'c' }, patch: { a: ['b'] }, merged: { a: ['b'] } },
  { target: { a: { b: 'c' } }, patch: { a: { b: 'd', c: null } }, merged: { a: { b: 'd' } } },
  { target: { a: [{ b: 'c' }] }, patch: { a: [1] }, merged: { a: [1] } },
  { target: ['a', 'b'], patch: ['c', 'd'], merged: ['c', 'd'] },
  { target: { a: 'b' }, patch: ['c'], merged: ['c'] },
  { target: { a: 'foo' }, patch: null, merged: null },
  { target: { a: 'foo' }, patch: 'bar', merged: 'bar' },
  { target: { e: null }, patch: { a: 1 }, merged: { e: null, a: 1 } },
  { target: [1, 2], patch: { a: 'b', c: null }, merged: { a: 'b' } },
  { target: {}, patch: { a: { bb: { ccc: null } } }, merged: { a: { bb: {} } } },
])('$patch over $target is $merged', ({ target, patch, merged }) => {
  expect(mergePatch(target, patch)).toEqual(merged)
})

test('an error that is no conflict is told at once', async () => {
  let writes = 0
  const failed = rewrite({
    read: async () => ({ generation: 1 }),
    async write() {
      writes++
      throw new AppError('QUERY_REJECTED', 'the store refuses it')
    },
  })
  await expect(failed).rejects.toMatchObject({ code: 'QUERY_REJECTED' })
  expect(writes).toBe(1)
})
