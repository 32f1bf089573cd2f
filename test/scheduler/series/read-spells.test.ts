import { describe, expect, test } from 'vitest'
import { beginOfSpell, readSpells, spellReachMs } from '../../../scheduler/series/read-spells.ts'
import type { RangeQuery } from '../../../tasks/deps.ts'
import { parseValues } from '../../fakes/series-notation.ts'

describe('the first step of a spell', () => {
  test.each([
    { scores: '0.5 0.5 2 3', outside: true, begin: 2, what: 'above 1 for two steps' },
    { scores: '0.5 2 _ 3', outside: true, begin: 1, what: 'a step without a score does not end it' },
    { scores: '2 0.5 _ 3', outside: true, begin: 3, what: 'it begins with a score' },
    { scores: '2 1 3 3', outside: true, begin: 2, what: 'on the edge is not above it' },
    { scores: '2 2 2 2', outside: true, begin: 0, what: 'longer than is looked back' },
    { scores: '0.5 0.5 _ _', outside: false, begin: 2, what: 'no score for two steps' },
    { scores: '_ _ _ _', outside: false, begin: undefined, what: 'no score at all' },
    { scores: '0.5 1 1 1', outside: true, begin: undefined, what: 'a score that the store does not show yet' },
  ])('$scores: $what', ({ scores, outside, begin }) => {
    expect(beginOfSpell(Float64Array.from(parseValues(scores)), outside)).toBe(begin)
  })
})

test.each([
  { detectStepMs: 60_000, reachMs: 86_400_000 },
  { detectStepMs: 10_000, reachMs: 14_400_000 },
  { detectStepMs: 300_000, reachMs: 86_400_000 },
])('steps of $detectStepMs ms are looked back for $reachMs ms', ({ detectStepMs, reachMs }) => {
  expect(spellReachMs(detectStepMs)).toBe(reachMs)
})

test('many series are asked for in queries that every store takes, by their own labels', async () => {
  const asked: RangeQuery[] = []
  const reader = {
    async queryRange(query: RangeQuery) {
      asked.push(query)
      return { ...query, length: 0, series: [] }
    },
  }
  const rows = Array.from({ length: 300 }, (_, i) => ({
    ...{ id: `${i}`, labels: { path: `/${i}/${'x'.repeat(60)}"`, mission: 'cpu' }, score: Number.NaN },
  }))
  const mission = { tenant: 'default', mission: 'cpu' }
  const query = { mission, rows, atMs: 90_000_000, detectStepMs: 60_000 }
  await readSpells(reader, query, new AbortController().signal)
  expect(Math.max(...asked.map((each) => each.query.length))).toBeLessThan(8_300)
  expect(asked.map((each) => each.query.split(' or ').length).reduce((sum, count) => sum + count)).toBe(300)
  expect(asked[0]?.query).toMatch(
    /^last_over_time\(anomaly_score\{path="\/0\/x+\\"",mission="cpu",tenant=""\}\[1ms\]\) or last/,
  )
})
