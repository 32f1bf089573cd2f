import type { Image } from './encode-png.ts'
import { glyphHeight, glyphOf, glyphWidth } from './font.ts'

export type Colour = readonly [red: number, green: number, blue: number]
export type Point = readonly [x: number, y: number]

export interface Canvas {
  rectangle(from: Point, until: Point, colour: Colour): void
  /** Joins neighbours; a NaN breaks the line. */
  polyline(points: readonly Point[], colour: Colour, thickness: number): void
  /** From the upper left corner; characters beyond ASCII are `?`. */
  text(at: Point, text: string, colour: Colour): void
  image(): Image
}

/** Shapes are drawn so many times larger and then averaged, so that edges are smooth. */
const oversampling = 3
const textScale = 2

/** Width of a text in pixels. */
export const textWidth = (text: string): number => text.length * (glyphWidth + 1) * textScale
export const textHeight = glyphHeight * textScale

/** A white canvas; all measures are pixels of the image. */
export function createCanvas(width: number, height: number): Canvas {
  const wide = width * oversampling
  const high = height * oversampling
  const pixels = new Uint8Array(wide * high * 3).fill(255)
  const fill = (from: Point, until: Point, colour: Colour) => {
    const left = Math.max(0, Math.round(from[0] * oversampling))
    const right = Math.min(wide, Math.round(until[0] * oversampling))
    const top = Math.max(0, Math.round(from[1] * oversampling))
    const bottom = Math.min(high, Math.round(until[1] * oversampling))
    for (let y = top; y < bottom; y++) {
      for (let at = (y * wide + left) * 3; at < (y * wide + right) * 3; at += 3) {
        pixels[at] = colour[0]
        pixels[at + 1] = colour[1]
        pixels[at + 2] = colour[2]
      }
    }
  }
  const join = ([x0, y0]: Point, [x1, y1]: Point, colour: Colour, thickness: number) => {
    const count = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) * oversampling))
    const half = thickness / 2
    for (let i = 0; i <= count; i++) {
      const x = x0 + ((x1 - x0) * i) / count
      const y = y0 + ((y1 - y0) * i) / count
      fill([x - half, y - half], [x + half, y + half], colour)
    }
  }
  return {
    rectangle: fill,
    polyline(points, colour, thickness) {
      for (const [i, point] of points.entries()) {
        if (Number.isNaN(point[1])) continue
        const before = points[i - 1]
        join(before && !Number.isNaN(before[1]) ? before : point, point, colour, thickness)
      }
    },
    text([left, top], text, colour) {
      for (const [i, sign] of [...text].entries()) {
        for (const [column, bits] of glyphOf(sign).entries()) {
          for (let row = 0; row < glyphHeight; row++) {
            if (((bits >> row) & 1) === 0) continue
            const x = left + (i * (glyphWidth + 1) + column) * textScale
            const y = top + row * textScale
            fill([x, y], [x + textScale, y + textScale], colour)
          }
        }
      }
    },
    image: () => ({ width, height, pixels: averaged(pixels, width, height) }),
  }
}

function averaged(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const small = new Uint8Array(width * height * 3)
  const area = oversampling * oversampling
  for (let i = 0; i < small.length; i++) {
    const channel = i % 3
    const x = ((i - channel) / 3) % width
    const y = Math.floor(i / 3 / width)
    let sum = 0
    for (let dy = 0; dy < oversampling; dy++) {
      const row = (y * oversampling + dy) * width * oversampling
      for (let dx = 0; dx < oversampling; dx++) sum += pixels[(row + x * oversampling + dx) * 3 + channel]!
    }
    small[i] = Math.round(sum / area)
  }
  return small
}
