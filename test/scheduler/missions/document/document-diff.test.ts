import { expect, test } from 'vitest'
import { documentDiff } from '../../../../scheduler/missions/document/document-diff.ts'

test.each([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, { a: 2 }, [{ pointer: '/a', before: 1, after: 2 }]],
  [{ a: 1 }, {}, [{ pointer: '/a', before: 1 }]],
  [{}, { a: false }, [{ pointer: '/a', after: false }]],
  [{ a: { b: 1, c: 2 } }, { a: { b: 3, c: 2 } }, [{ pointer: '/a/b', before: 1, after: 3 }]],
  [{ a: [1, 2] }, { a: [1, 3] }, [{ pointer: '/a', before: [1, 2], after: [1, 3] }]],
  [{ a: { b: 1 } }, { a: 'b' }, [{ pointer: '/a', before: { b: 1 }, after: 'b' }]],
  [{ 'x/y': { '~': 1 } }, { 'x/y': { '~': 2 } }, [{ pointer: '/x~1y/~0', before: 1, after: 2 }]],
])('from %j to %j', (before, after, changes) => {
  expect(documentDiff(before, after)).toEqual(changes)
})
