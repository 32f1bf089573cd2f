import { describe, expect, test } from 'vitest'
import { seriesId } from '../../../../models/series.ts'
import type { SampleBlock } from '../../../../tasks/deps.ts'
import {
  halve,
  planGroups,
  sampleCount,
  samplesAfter,
  type WriteBatch,
  withoutOldest,
} from '../../../../tasks/prometheus/write/write-batches.ts'

function block(name: string, seriesCount: number, timestampsMs: number[]): SampleBlock {
  const series = Array.from({ length: seriesCount }, (_, i) => ({
    id: seriesId({ pod: `${i}` }),
    labels: { pod: `${i}` },
  }))
  return { name, series, timestampsMs, values: new Float64Array(seriesCount * timestampsMs.length).fill(1) }
}

const limits = { maxRows: 100, maxSamples: 1_000 }
const whole = (each: SampleBlock): WriteBatch => ({
  rows: each.series.map((_, row) => ({ block: each, row })),
  range: { fromMs: 0, untilMs: Number.POSITIVE_INFINITY },
})
const podOf = ({ block: { series }, row }: WriteBatch['rows'][number]) => series[row]?.labels.pod

describe('planGroups', () => {
  test('little is one request, all metrics together', () => {
    const groups = planGroups([block('a', 3, [1, 2]), block('b', 2, [2])], limits)
    expect(groups.map(({ rows, ranges }) => [rows.length, ranges])).toEqual([
      [5, [{ fromMs: Number.NEGATIVE_INFINITY, untilMs: 2 }]],
    ])
  })

  test('nothing is no request', () => {
    expect(planGroups([], limits)).toEqual([])
    expect(planGroups([block('a', 0, [1])], limits)).toEqual([])
  })

  test('every row is in one group, and all metrics of a series in the same', () => {
    const groups = planGroups([block('a', 1_000, [1]), block('b', 1_000, [1])], limits)
    expect(groups.length).toBe(32)
    expect(groups.flatMap(({ rows }) => rows)).toHaveLength(2_000)
    const pods = groups.map(({ rows }) => new Set(rows.map(podOf)))
    expect(pods.reduce((sum, { size }) => sum + size, 0)).toBe(1_000)
  })

  test('a longer window leaves every series in its group', () => {
    const members = (timestampsMs: number[]) =>
      planGroups([block('a', 1_000, timestampsMs)], limits).map(({ rows }) => rows.map(podOf))
    expect(members([1, 2, 3, 4, 5, 6])).toEqual(members([1]))
  })

  test('many steps are cut in time, each step once', () => {
    const timestampsMs = Array.from({ length: 25 }, (_, i) => i + 1)
    const [group] = planGroups([block('a', 100, timestampsMs)], limits)
    expect(group?.ranges.map(({ untilMs }) => untilMs)).toEqual([10, 20, 25])
    expect(group?.ranges.map(({ fromMs }) => fromMs)).toEqual([Number.NEGATIVE_INFINITY, 10, 20])
  })

  test('one series with many steps is cut too', () => {
    const [group] = planGroups(
      [
        block(
          'a',
          1,
          Array.from({ length: 2_500 }, (_, i) => i),
        ),
      ],
      limits,
    )
    expect(group?.ranges.map(({ untilMs }) => untilMs)).toEqual([999, 1_999, 2_499])
  })
})

test('halves by rows, then by time, down to a single sample', () => {
  expect(halve(whole(block('a', 3, [1, 2])))?.map(({ rows }) => rows.length)).toEqual([1, 2])
  expect(halve(whole(block('a', 1, [1, 2, 3])))?.map(({ range }) => range)).toEqual([
    { fromMs: 0, untilMs: 1 },
    { fromMs: 1, untilMs: Number.POSITIVE_INFINITY },
  ])
  expect(halve(whole(block('a', 1, [1])))).toBeUndefined()
})

test('leaves out the oldest instant of all its blocks', () => {
  const batch = {
    ...whole(block('a', 1, [2, 3])),
    rows: [...whole(block('a', 1, [2, 3])).rows, ...whole(block('b', 1, [1])).rows],
  }
  const once = withoutOldest(batch)
  expect(once?.range.fromMs).toBe(1)
  expect(once && withoutOldest(once)?.range.fromMs).toBe(2)
  expect(withoutOldest(whole(block('a', 2, [1])))).toBeUndefined()
})

test('counts the samples in its range, gaps apart and stale markers included', () => {
  const gaps = block('a', 2, [1, 2])
  gaps.values[0] = Number.NaN
  expect(sampleCount(whole(gaps))).toBe(3)
  expect(sampleCount(whole({ ...gaps, values: new Float64Array(0), stale: true }))).toBe(4)
  expect(samplesAfter([gaps, block('b', 5, [1])], 1)).toBe(2)
})
