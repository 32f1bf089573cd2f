import { crc32, inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { encodePng } from '../../../../../scheduler/cli/forecast/png/encode-png.ts'
import { plotPng } from '../../../../../scheduler/cli/forecast/png/plot-png.ts'

/** Reads a PNG as its specification says. */
function readPng(file: Buffer) {
  expect(file.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at)
    const named = file.subarray(at + 4, at + 8 + length)
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(named))
    chunks.set(named.toString('latin1', 0, 4), named.subarray(4))
    at += length + 12
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND'])
  const header = chunks.get('IHDR') as Buffer
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  expect([...header.subarray(8)]).toEqual([8, 2, 0, 0, 0])
  const rows = inflateSync(chunks.get('IDAT') as Buffer)
  expect(rows.length).toBe(height * (1 + width * 3))
  return {
    width,
    height,
    pixel: (x: number, y: number) => [...rows.subarray(y * (1 + width * 3) + 1 + x * 3).subarray(0, 3)],
  }
}

test('every pixel is found again', () => {
  const pixels = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => i * 10)
  const { width, height, pixel } = readPng(encodePng({ width: 2, height: 3, pixels }))
  expect([width, height, pixel(0, 0), pixel(1, 2)]).toEqual([2, 3, [0, 10, 20], [150, 160, 170]])
})

test('a chart has its band where the forecast is, and the history before it', () => {
  const data = {
    ...{ title: 'load', startMs: 0, stepMs: 60_000, split: 10, history: Array.from({ length: 10 }, () => 5) },
    ...{ median: [5, 5, 5], lower: [0, 0, 0], upper: [10, 10, 10] },
  }
  const { width, height, pixel } = readPng(plotPng([data, data]))
  expect([width, height]).toEqual([1_000, 600])
  const blue = ([red = 0, , b = 0]: number[]) => b > red + 20
  // the upper half of the plot, left and right of the split
  expect([pixel(400, 90), pixel(940, 90)].map(blue)).toEqual([false, true])
  const column = (x: number) => Array.from({ length: 300 }, (_, y) => pixel(x, y))
  expect(column(400).some(([red = 255]) => red < 160)).toBe(true)
  expect(pixel(940, 390)).toEqual(pixel(940, 90))
})
