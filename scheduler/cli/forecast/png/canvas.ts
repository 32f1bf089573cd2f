import type { Image } from './encode-png.ts'
import { glyphHeight, glyphWidth, strokesOf } from './font.ts'

export type Colour = readonly [red: number, green: number, blue: number]
export type Point = readonly [x: number, y: number]

export interface Pen {
  readonly colour: Colour
  readonly thickness: number
}

export interface Canvas {
  rectangle(from: Point, until: Point, colour: Colour): void
  /** Joins neighbours; a NaN breaks the line. */
  polyline(points: readonly Point[], pen: Pen): void
  /** From the upper left corner; accents are left out, other characters beyond ASCII are `?`. */
  text(at: Point, text: string, pen: Pen): void
  image(): Image
}

/** Shapes are drawn so many times larger and then averaged, so that edges are smooth. */
const oversampling = 3
/** Pixels from a dot of a glyph to the next one. */
const dot = 2

/** Width of a text in pixels. */
export const textWidth = (text: string): number => withoutAccents(text).length * (glyphWidth + 1) * dot
export const textHeight = glyphHeight * dot

/** A white canvas; all measures are pixels of the image. */
export function createCanvas(width: number, height: number): Canvas {
  const wide = width * oversampling
  const high = height * oversampling
  const pixels = new Uint8Array(wide * high * 3).fill(255)
  const fill = ([left, top]: Point, [right, bottom]: Point, [red, green, blue]: Colour) => {
    for (let y = Math.max(0, top); y < Math.min(high, bottom); y++) {
      for (let at = (y * wide + Math.max(0, left)) * 3; at < (y * wide + Math.min(wide, right)) * 3; at += 3) {
        pixels[at] = red
        pixels[at + 1] = green
        pixels[at + 2] = blue
      }
    }
  }
  const scaled = ([x, y]: Point): Point => [Math.round(x * oversampling), Math.round(y * oversampling)]
  const join = (from: Point, until: Point, { colour, thickness }: Pen) => {
    const rows = discRows(thickness * oversampling)
    const [x0, y0] = scaled(from)
    const [x1, y1] = scaled(until)
    const count = Math.max(1, Math.abs(x1 - x0), Math.abs(y1 - y0))
    for (let i = 0; i <= count; i++) {
      const x = Math.round(x0 + ((x1 - x0) * i) / count)
      const y = Math.round(y0 + ((y1 - y0) * i) / count)
      for (const [row, half] of rows) fill([x - half, y + row], [x + half + 1, y + row + 1], colour)
    }
  }
  return {
    rectangle: (from, until, colour) => fill(scaled(from), scaled(until), colour),
    polyline(points, pen) {
      for (const [i, point] of points.entries()) {
        if (Number.isNaN(point[1])) continue
        const before = points[i - 1]
        join(before && !Number.isNaN(before[1]) ? before : point, point, pen)
      }
    },
    text([left, top], text, pen) {
      for (const [i, sign] of withoutAccents(text).entries()) {
        const at = (column: number, row: number): Point => [
          left + (i * (glyphWidth + 1) + column + 0.5) * dot,
          top + (row + 0.5) * dot,
        ]
        for (const [c0, r0, c1, r1] of strokesOf(sign)) join(at(c0, r0), at(c1, r1), pen)
      }
    },
    image: () => ({ width, height, pixels: averaged(pixels, width, height) }),
  }
}

const withoutAccents = (text: string): string[] => [...text.normalize('NFKD').replace(/\p{M}/gu, '')]

/** A round pen: half the width of each of its rows. */
function discRows(diameter: number): [row: number, half: number][] {
  const radius = Math.max(0.5, diameter / 2)
  const most = Math.floor(radius)
  return Array.from({ length: 2 * most + 1 }, (_, i) => {
    const row = i - most
    return [row, Math.floor(Math.sqrt(Math.max(0, radius * radius - row * row)))]
  })
}

function averaged(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const sums = new Uint16Array(width * height * 3)
  let from = 0
  for (let y = 0; y < height * oversampling; y++) {
    let to = Math.floor(y / oversampling) * width * 3
    for (let x = 0; x < width; x++, to += 3) {
      for (let i = 0; i < oversampling; i++, from += 3) {
        sums[to]! += pixels[from]!
        sums[to + 1]! += pixels[from + 1]!
        sums[to + 2]! += pixels[from + 2]!
      }
    }
  }
  const small = new Uint8Array(sums.length)
  for (let i = 0; i < small.length; i++) small[i] = sums[i]! / (oversampling * oversampling)
  return small
}
