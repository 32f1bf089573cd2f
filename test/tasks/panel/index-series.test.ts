import { expect, test } from 'vitest'
import type { BandSource } from '../../../tasks/band/fetch-band.ts'
import { indexSeries, rowsIn } from '../../../tasks/panel/index-series.ts'

const source = (...ids: string[]): BandSource => {
  return { payload: undefined, rows: new Map(ids.map((id, row) => [id, row])), bands: new Map() }
}
const series = (...ids: string[]) => ids.map((id) => ({ id, labels: {} }))

test('rows of a panel and of what is absent from it, by source', () => {
  const [run, join] = [source('a', 'b', 'c'), source('d')]
  const index = indexSeries([run, join], series('c', 'd'), series('a'))
  expect(index.get(run)).toEqual(Int32Array.of(2, -1, 0))
  expect(index.get(join)).toEqual(Int32Array.of(-1, 0, -1))
})

test('looks a panel up once per forecast', () => {
  const panel = series('b', 'a')
  const run = source('a', 'b')
  const first = rowsIn(run, panel)
  expect(rowsIn({ ...run }, panel)).toBe(first)
  expect(rowsIn(source('b', 'a'), panel)).toEqual(Int32Array.of(0, 1))
  expect(rowsIn(run, [...panel].reverse())).toEqual(Int32Array.of(0, 1))
})
