import { expect, test } from 'vitest'
import { rotaryTables } from '../../../../models/chronos/chronos2/rotary.ts'

const width = 16
const { cos, signedSin } = rotaryTables(200, width, 10_000)

/** As the graph does it: the halves swapped, the sign in the table. */
function turn(x: readonly number[], position: number): number[] {
  const swapped = [...x.slice(width / 2), ...x.slice(0, width / 2)]
  const at = position * width
  return x.map((value, i) => value * (cos[at + i] ?? 0) + (swapped[i] ?? 0) * (signedSin[at + i] ?? 0))
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
const query = Array.from({ length: width }, (_, i) => Math.sin(i + 1))
const key = Array.from({ length: width }, (_, i) => Math.cos(3 * i))

test('nothing turns at the first position, and no length changes at any', () => {
  expect(turn(query, 0)).toEqual(query)
  for (const position of [1, 57, 199])
    expect(dot(turn(query, position), turn(query, position))).toBeCloseTo(dot(query, query), 5)
})

test('what a query sees of a key depends on their distance alone', () => {
  const seen = (at: number) => dot(turn(query, at), turn(key, at + 7))
  for (const at of [1, 40, 192]) expect(seen(at)).toBeCloseTo(seen(0), 4)
  expect(dot(turn(query, 0), turn(key, 8))).not.toBeCloseTo(seen(0), 2)
})
