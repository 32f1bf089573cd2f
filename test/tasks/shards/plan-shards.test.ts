import { describe, expect, test } from 'vitest'
import type { Labels } from '../../../models/series.ts'
import { isInPart } from '../../../tasks/shards/is-in-part.ts'
import { planShards, type Shard } from '../../../tasks/shards/plan-shards.ts'

const panel = (count: number, labels: (i: number) => Labels): Labels[] =>
  Array.from({ length: count }, (_, i) => ({ pod: `p${i}`, ...labels(i) }))

/** How many series each shard takes; every series is in exactly one. */
function sizes(shards: readonly Shard[], series: readonly Labels[]): number[] {
  const tests = shards.map(({ part }) => isInPart(part))
  const owners = series.map((labels) => tests.filter((isIn) => isIn(labels)).length)
  expect(owners.every((count) => count === 1)).toBe(true)
  return tests.map((isIn) => series.filter(isIn).length)
}

const labelOf = ([first]: readonly Shard[]) => first && 'label' in first.part && first.part.label

describe('by a label', () => {
  test('whose values are even', () => {
    const series = panel(1_200, (i) => ({ zone: `z${i % 6}`, job: 'api' }))
    const shards = planShards(series, { perShard: 400 })
    expect(labelOf(shards)).toBe('zone')
    expect(sizes(shards, series)).toEqual([400, 400, 400])
    expect(shards.map((shard) => shard.series)).toEqual([400, 400, 400])
  })

  test('values of different size are packed', () => {
    const counts = [500, 300, 200, 200, 150, 150]
    const zones = counts.flatMap((count, z) => Array<string>(count).fill(`z${z}`))
    const series = panel(1_500, (i) => ({ zone: zones[i] ?? '' }))
    expect(sizes(planShards(series, { perShard: 500 }), series)).toEqual([500, 450, 550])
  })

  test('not the skewed one, and of two that are even enough the one with fewer values', () => {
    const zone = (i: number) => (i < 460 ? 'z0' : `z${1 + (i % 2)}`)
    const series = panel(1_200, (i) => ({ skewed: i < 700 ? 'a' : `b${i % 2}`, zone: zone(i), rack: `r${i % 60}` }))
    expect(labelOf(planShards(series, { perShard: 400 }))).toBe('zone')
  })

  test('not by one that most series share a value of', () => {
    const series = panel(3_000, (i) => ({ skewed: i < 2_900 ? 'most' : `b${i}` }))
    const shards = planShards(series, { perShard: 500 })
    expect(labelOf(shards)).not.toBe('skewed')
    expect(Math.max(...sizes(shards, series))).toBeLessThan(600)
  })

  test('series without the label, and those that come later, are in the last shard', () => {
    const series: Labels[] = panel(900, (i) => (i % 3 === 0 ? {} : { zone: `z${i % 3}` }))
    const shards = planShards(series, { perShard: 300 })
    expect(sizes(shards, series)).toEqual([300, 300, 300])
    const later = [{ pod: 'new', zone: 'never seen' }, { pod: 'new' }, { pod: 'new', zone: '' }, { other: 'x' }]
    expect(sizes(shards, later)).toEqual([0, 0, 4])
  })

  test('values that mean something in an expression', () => {
    const values = ['a.b', 'a|b', '(', '[x', '\\d', '"', '$', 'ü\n']
    const series = panel(800, (i) => ({ path: values[i % 8] ?? '' }))
    const shards = planShards(series, { perShard: 100 })
    expect(labelOf(shards)).toBe('path')
    expect(sizes(shards, series)).toEqual(Array(8).fill(100))
  })
})

describe('by the hash of the labels', () => {
  test('where the only label has too many values for a query', () => {
    const series = panel(5_000, () => ({ job: 'api' }))
    const shards = planShards(series, { perShard: 1_000 })
    expect(shards.map(({ part }) => part)).toEqual([0, 1, 2, 3, 4].map((hash) => ({ hash, of: 5 })))
    expect(Math.min(...sizes(shards, series))).toBeGreaterThan(900)
  })

  test('where values are long', () => {
    const series = panel(100, (i) => ({ pod: 'x'.repeat(1_000) + i }))
    expect(labelOf(planShards(series, { perShard: 50 }))).toBe(false)
  })
})

test('series that are forecast together stay together', () => {
  const series = panel(1_000, (i) => ({ shop: `s${i % 100}`, zone: `z${i % 2}` }))
  const grouped = planShards(series, { perShard: 500, groupBy: ['shop'] })
  expect(labelOf(grouped)).toBe('shop')
  // one shop holds them nearly all: no other label may split it
  const skewed = panel(1_000, (i) => ({ shop: i < 990 ? 'big' : `s${i}`, zone: `z${i % 2}` }))
  const shards = planShards(skewed, { perShard: 500, groupBy: ['shop'] })
  expect(shards.map(({ part }) => part)).toEqual([0, 1].map((hash) => ({ hash, of: 2, by: ['shop'] })))
  expect(sizes(shards, skewed).sort((a, b) => b - a)[0]).toBeGreaterThanOrEqual(990)
})

test('there are 64 shards at most', () => {
  const series = panel(7_000, (i) => ({ rack: `r${i % 700}` }))
  const shards = planShards(series, { perShard: 10 })
  expect(shards).toHaveLength(64)
  expect(Math.max(...sizes(shards, series))).toBe(110)
})
