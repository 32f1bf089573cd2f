/** Dots of a cell, by column and row, as Unicode numbers them. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const

export type Dot = readonly [x: number, y: number]

export interface BrailleCanvas {
  /** Joins neighbours; a NaN breaks the line. x in 0..2*width-1, y in 0..4*rows-1, downwards. */
  polyline(points: readonly Dot[]): void
  /** The sign of a cell, undefined where it is empty. */
  cell(column: number, row: number): string | undefined
}

/** Lines of two by four dots a character. */
export function brailleCanvas(width: number, rows: number): BrailleCanvas {
  const cells = new Uint8Array(width * rows)
  const set = (x: number, y: number) => {
    const column = Math.min(width - 1, Math.max(0, x >> 1))
    const row = Math.min(rows - 1, Math.max(0, y >> 2))
    cells[row * width + column]! |= dots[(x & 1) as 0 | 1][(y & 3) as 0 | 1 | 2 | 3]
  }
  const join = ([x0, y0]: Dot, [x1, y1]: Dot) => {
    const count = Math.max(1, Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0))))
    for (let i = 0; i <= count; i++) {
      set(Math.round(x0 + ((x1 - x0) * i) / count), Math.round(y0 + ((y1 - y0) * i) / count))
    }
  }
  return {
    polyline(points) {
      for (const [i, point] of points.entries()) {
        if (Number.isNaN(point[1])) continue
        const before = points[i - 1]
        join(before && !Number.isNaN(before[1]) ? before : point, point)
      }
    },
    cell(column, row) {
      const bits = cells[row * width + column]
      return bits ? String.fromCodePoint(0x2800 + bits) : undefined
    },
  }
}
