import { expect, test } from 'vitest'
import { glyphHeight, glyphOf, strokesOf } from '../../../../../scheduler/cli/forecast/png/font.ts'

const drawn = (sign: string) =>
  Array.from({ length: glyphHeight }, (_, row) =>
    glyphOf(sign)
      .map((bits) => ((bits >> row) & 1 ? '#' : '.'))
      .join(''),
  )

test('a glyph is five columns of seven dots', () => {
  expect(drawn('F')).toEqual(['#####', '#....', '#....', '###..', '#....', '#....', '#....'])
  expect(drawn(' ')).toEqual(Array(7).fill('.....'))
})

test('what is no ASCII is a question mark', () => {
  for (const sign of ['ö', '日', '🚀', '\n']) expect(glyphOf(sign)).toEqual(glyphOf('?'))
})

test('every character of ASCII has a shape of its own', () => {
  const shapes = Array.from({ length: 95 }, (_, i) => glyphOf(String.fromCharCode(32 + i)).join())
  expect(new Set(shapes).size).toBe(95)
})

test('neighbouring dots are joined, corners along their sides', () => {
  const joined = (sign: string) => strokesOf(sign).filter(([c0, r0, c1, r1]) => c0 !== c1 || r0 !== r1)
  expect(joined('-')).toEqual([0, 1, 2, 3].map((column) => [column, 3, column + 1, 3]))
  // a slash is five dots, each above and right of the one before
  expect(joined('/').every(([c0, r0, c1, r1]) => c1 - c0 === 1 && r1 - r0 === -1)).toBe(true)
  expect(joined('L')).toHaveLength(10)
})

test('letters reach below the line where they do in print', () => {
  const lowest = (sign: string) => Math.max(...strokesOf(sign).map(([, , , row]) => row))
  expect([...'gjpqy'].map(lowest)).toEqual([8, 8, 8, 8, 8])
  expect([...'abcxzAQ,'].map(lowest).every((row) => row < glyphHeight)).toBe(true)
})
