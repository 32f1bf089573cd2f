import { describe, expect, test } from 'vitest'
import type { Covariate } from '../../../models/forecaster.ts'
import { type Grouping, groupSeries } from '../../../tasks/covariates/group-series.ts'

const shops = [
  { id: 'd', shop: 'a', till: '1' },
  { id: 'c', shop: 'b', till: '1' },
  { id: 'b', shop: 'a', till: '2' },
  { id: 'a', shop: '', till: '2' },
]
const series = shops.map(({ id: _, shop, till }) => ({ labels: shop === '' ? { till } : { shop, till } }))
const group = (grouping: Omit<Grouping, 'ids'>) => groupSeries(series, { ids: shops, ...grouping })

test('by default every series is alone', () => {
  expect(group({})).toBeUndefined()
  expect(group({ crossLearning: false })).toBeUndefined()
})

test('series that agree in the labels are together, in the order of their ids', () => {
  expect(group({ groupBy: ['shop'] })).toEqual([[3], [2, 0], [1]])
  expect(group({ groupBy: ['shop', 'till'] })).toEqual([[3], [2], [1], [0]])
  expect(group({ crossLearning: true })).toEqual([[3, 2, 1, 0]])
})

describe('of 1,000 series', () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => ({ id: `${(i * 7_919) % 1_000}`.padStart(4, '0') }))
  const many = ids.map(() => ({ labels: {} }))
  const covariate = (): Covariate => ({ name: 'any', past: new Float64Array(1) })
  const sizes = (covariates?: Covariate[][]) =>
    groupSeries(many, { ids, crossLearning: true, covariates })?.map(({ length }) => length)

  test('100 are together, the same whatever order they come in', () => {
    expect(sizes()).toEqual(Array(10).fill(100))
    const groups = groupSeries(many, { ids, crossLearning: true }) ?? []
    expect(groups.flat().map((row) => ids[row]?.id)).toEqual(ids.map(({ id }) => id).sort())
  })

  test('fewer with covariates, of which a shared one counts once', () => {
    const shared = Array.from({ length: 20 }, covariate)
    expect(sizes(ids.map(() => shared))).toEqual([...Array(12).fill(80), 40])
    expect(sizes(ids.map(() => [covariate()]))).toEqual(Array(20).fill(50))
  })

  test('one with more covariates than that is alone', () => {
    const crowd = Array.from({ length: 150 }, covariate)
    expect(sizes(ids.map((_, i) => (i === 0 ? crowd : [])))?.[0]).toBe(1)
  })
})

test('any character may be part of a value', () => {
  const two = [{ labels: { a: 'x\u00ffy', b: 'z' } }, { labels: { a: 'x', b: 'y\u00ffz' } }]
  expect(groupSeries(two, { ids: [{ id: '1' }, { id: '2' }], groupBy: ['a', 'b'] })).toEqual([[0], [1]])
})
