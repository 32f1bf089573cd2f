import { expect, test } from 'vitest'
import { encodePng } from '../../../../../scheduler/cli/forecast/png/encode-png.ts'
import { readPng } from './read-png.ts'

test('every pixel is found again', () => {
  const pixels = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => i * 10)
  const { width, height, pixel } = readPng(encodePng({ width: 2, height: 3, pixels }))
  expect([width, height, pixel(0, 0), pixel(1, 2)]).toEqual([2, 3, [0, 10, 20], [150, 160, 170]])
})
