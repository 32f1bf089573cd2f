import { expect, test } from 'vitest'
import { glyphHeight, glyphOf } from '../../../../../scheduler/cli/forecast/png/font.ts'

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
