import { describe, expect, test } from 'vitest'
import { type ScoreRules, scoreSeries, verdicts } from '../../../tasks/score/score-series.ts'

const open: ScoreRules = { direction: 'both', minDeviation: 0, minRelativeDeviation: 0 }

interface Edges {
  readonly pred: number
  readonly lower: number
  readonly upper: number
}

function scoreOne(value: number, { pred, lower, upper }: Edges, rules: ScoreRules = open) {
  const one = (number: number) => Float64Array.of(number)
  const scored = scoreSeries(one(value), { pred: one(pred), lower: one(lower), upper: one(upper) }, rules)
  return { score: scored.scores[0]!, verdict: scored.verdicts[0]! }
}

const band = { pred: 10, lower: 8, upper: 14 }

describe('the contract', () => {
  test.each([
    { name: 'on the prediction', value: 10, score: 0 },
    { name: 'half-way to the upper edge', value: 12, score: 0.5 },
    { name: 'on the upper edge', value: 14, score: 1 },
    { name: 'half-way to the lower edge', value: 9, score: 0.5 },
    { name: 'on the lower edge', value: 8, score: 1 },
    { name: 'at twice the upper distance', value: 18, score: 1 + Math.log(2) },
    { name: 'at twice the lower distance', value: 6, score: 1 + Math.log(2) },
    { name: 'at ten times the upper distance', value: 50, score: 1 + Math.log(10) },
    { name: 'a gap', value: Number.NaN, score: Number.NaN },
    { name: 'an infinite value', value: Number.POSITIVE_INFINITY, score: Number.NaN },
  ])('$name scores $score', ({ value, score }) => {
    expect(scoreOne(value, band).score).toBe(score)
  })

  test.each([
    { name: 'pred', edges: { ...band, pred: Number.NaN } },
    { name: 'lower', edges: { ...band, lower: Number.NaN } },
    { name: 'upper', edges: { ...band, upper: Number.POSITIVE_INFINITY } },
  ])('a band without $name gives no score', ({ edges }) => {
    expect(scoreOne(10, edges)).toEqual({ score: Number.NaN, verdict: verdicts.none })
  })

  test('the largest numbers there are still give a finite score', () => {
    expect(scoreOne(Number.MAX_VALUE, { pred: 0, lower: 0, upper: 0 }).score).toBeLessThan(1000)
  })
})

describe('a side without width', () => {
  test.each([
    { name: '0.5 % of the prediction is its edge', value: 201, edges: { pred: 200, lower: 200, upper: 200 }, score: 1 },
    { name: 'a constant series that holds', value: 200, edges: { pred: 200, lower: 200, upper: 200 }, score: 0 },
    {
      name: '5 % of the other side is its edge',
      value: -0.05,
      edges: { pred: 0, lower: 0, upper: 1 },
      score: 1,
    },
    { name: 'a constant zero', value: 1e-9, edges: { pred: 0, lower: 0, upper: 0 }, score: 1 },
    {
      name: 'the rounding of 32-bit floats is no width',
      value: 1.005e9,
      edges: { pred: 1e9, lower: 1e9 - 64, upper: 1e9 + 64 },
      score: 1,
    },
    {
      name: 'a narrow but real width counts as it is',
      value: 1000.02,
      edges: { pred: 1000, lower: 999.99, upper: 1000.01 },
      score: 1 + Math.log(2),
    },
    { name: 'edges that crossed count as none', value: 100.5, edges: { pred: 100, lower: 101, upper: 99 }, score: 1 },
  ])('$name: $score', ({ value, edges, score }) => {
    expect(scoreOne(value, edges).score).toBeCloseTo(score, 9)
  })
})

describe('gates', () => {
  test.each([
    {
      name: 'above: the watched side',
      rules: { direction: 'above' },
      value: 18,
      score: 1 + Math.log(2),
      as: 'outside',
    },
    { name: 'above: far below', rules: { direction: 'above' }, value: 0, score: 0, as: 'unwatchedOutside' },
    { name: 'above: a little below', rules: { direction: 'above' }, value: 9, score: 0, as: 'unwatched' },
    { name: 'below: far above', rules: { direction: 'below' }, value: 100, score: 0, as: 'unwatchedOutside' },
    { name: 'below: the watched side', rules: { direction: 'below' }, value: 6, score: 1 + Math.log(2), as: 'outside' },
    { name: 'minDeviation holds at 1', rules: { minDeviation: 9 }, value: 18, score: 1, as: 'tooSmall' },
    { name: 'minDeviation reached', rules: { minDeviation: 8 }, value: 18, score: 1 + Math.log(2), as: 'outside' },
    { name: 'minDeviation inside of the band', rules: { minDeviation: 9 }, value: 12, score: 0.5, as: 'within' },
    { name: 'a share of pred holds at 1', rules: { minRelativeDeviation: 0.9 }, value: 18, score: 1, as: 'tooSmall' },
    {
      name: 'both minima are needed',
      rules: { minDeviation: 1, minRelativeDeviation: 0.9 },
      value: 18,
      score: 1,
      as: 'tooSmall',
    },
  ] as const)('$name: $score ($as)', ({ rules, value, score, as }) => {
    expect(scoreOne(value, band, { ...open, ...rules })).toEqual({ score, verdict: verdicts[as] })
  })
})

describe('dataRange', () => {
  const rules: ScoreRules = { ...open, dataRange: [0, 100] }
  const none = { pred: Number.NaN, lower: Number.NaN, upper: Number.NaN }
  const wide = { pred: 50, lower: -1000, upper: 1000 }
  test.each([
    { name: 'a value on its limit is inside', value: 100, edges: { pred: 100, lower: 90, upper: 110 }, score: 0 },
    { name: 'outside, though within the band', value: 101, edges: wide, score: 10 },
    { name: 'outside of both', value: -10, edges: { pred: 10, lower: 0, upper: 20 }, score: 10 },
    { name: 'outside without a band', value: 101, edges: none, score: 10 },
    { name: 'inside without a band', value: 50, edges: none, score: Number.NaN },
    { name: 'a gap', value: Number.NaN, edges: wide, score: Number.NaN },
  ])('$name: $score', ({ value, edges, score }) => {
    expect(scoreOne(value, edges, rules).score).toBe(score)
  })

  test('goes before direction and minima', () => {
    const gates = { direction: 'above', minDeviation: 1000, minRelativeDeviation: 10, dataRange: [0, 100] } as const
    expect(scoreOne(-1, wide, gates)).toEqual({ score: 10, verdict: verdicts.outOfRange })
  })
})

describe('for any band', () => {
  // xorshift with a fixed seed: the same thousand bands on every run
  let seed = 42
  const random = () => {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    return (seed >>> 0) / 2 ** 32
  }
  const bands = Array.from({ length: 1000 }, () => {
    const size = 10 ** (random() * 18 - 9)
    const pred = (random() - 0.5) * size
    return { pred, lower: pred - random() * size, upper: pred + random() * size }
  })

  test('the score grows with the distance, on either side', () => {
    for (const edges of bands) {
      for (const side of [-1, 1]) {
        const width = side > 0 ? edges.upper - edges.pred : edges.pred - edges.lower
        const distances = Array.from({ length: 20 }, () => random() * 10 * width).sort((a, b) => a - b)
        const scores = distances.map((distance) => scoreOne(edges.pred + side * distance, edges).score)
        expect(scores).toEqual([...scores].sort((a, b) => a - b))
      }
    }
  })

  test('it is continuous at the edge, and above 1 exactly outside of it', () => {
    for (const { pred, lower, upper } of bands) {
      for (const [edge, width] of [
        [upper, upper - pred],
        [lower, lower - pred],
      ] as const) {
        const inside = scoreOne(pred + width * (1 - 1e-6), { pred, lower, upper }).score
        const outside = scoreOne(pred + width * (1 + 1e-6), { pred, lower, upper }).score
        expect(scoreOne(edge, { pred, lower, upper }).score).toBe(1)
        expect(inside).toBeLessThan(1)
        expect(outside).toBeGreaterThan(1)
        expect(outside - inside).toBeLessThan(1e-5)
      }
    }
  })

  test('no gate raises a score', () => {
    for (const edges of bands) {
      const value = edges.pred + (random() - 0.5) * 8 * (edges.upper - edges.lower)
      const free = scoreOne(value, edges).score
      for (const direction of ['both', 'above', 'below'] as const) {
        const gated = scoreOne(value, edges, { direction, minDeviation: random(), minRelativeDeviation: random() })
        expect(gated.score).toBeLessThanOrEqual(free)
      }
    }
  })
})

test('a whole panel is scored at once, value by value', () => {
  const flat = (...numbers: number[]) => Float64Array.from(numbers)
  const { scores } = scoreSeries(
    flat(10, 14, Number.NaN, 5),
    { pred: flat(10, 10, 10, 5), lower: flat(8, 8, 8, Number.NaN), upper: flat(14, 14, 14, 6) },
    open,
  )
  expect([...scores]).toEqual([0, 1, Number.NaN, Number.NaN])
})
