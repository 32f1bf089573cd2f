import { describe, expect, test } from 'vitest'
import { timeTicks, valueTicks } from '../../../../../scheduler/cli/forecast/png/ticks.ts'

test.each([
  { least: 11.9, most: 88.2, ticks: [20, 40, 60, 80] },
  { least: -0.25, most: 0.31, ticks: [-0.2, -0.1, 0, 0.1, 0.2, 0.3] },
  { least: 242, most: 495, ticks: [250, 300, 350, 400, 450] },
  { least: 0, most: 1e9, ticks: [0, 2e8, 4e8, 6e8, 8e8, 1e9] },
  { least: 4.5, most: 5.5, ticks: [4.6, 4.8, 5, 5.2, 5.4] },
])('values from $least to $most have round ticks', ({ least, most, ticks }) => {
  const found = valueTicks({ least, most }, 5)
  expect(found).toHaveLength(ticks.length)
  for (const [i, tick] of ticks.entries()) expect(found[i]).toBeCloseTo(tick, 12)
})

describe('instants', () => {
  const ticks = (from: string, until: string) =>
    timeTicks({ fromMs: Date.parse(from), untilMs: Date.parse(until) }, 6).map(({ text, context }) =>
      context === '' ? text : `${text} of ${context}`,
    )

  test.each([
    {
      span: ['2026-01-31T23:59:48Z', '2026-02-01T00:00:12Z'],
      found: ['23:59:50', '23:59:55', '00:00:00', '00:00:05', '00:00:10'],
    },
    { span: ['2026-01-31T22:10:00Z', '2026-02-01T02:00:00Z'], found: ['23:00', '00:00', '01:00', '02:00'] },
    { span: ['2026-01-29T12:00:00Z', '2026-02-02T12:00:00Z'], found: ['01-30', '01-31', '02-01', '02-02'] },
    // from Monday to Monday
    { span: ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'], found: ['01-05', '01-12', '01-19', '01-26'] },
    { span: ['2025-11-05T00:00:00Z', '2026-03-01T00:00:00Z'], found: ['2025-12', '2026-01', '2026-02', '2026-03'] },
    { span: ['1888-01-01T00:00:00Z', '2026-01-01T00:00:00Z'], found: ['1900', '1950', '2000'] },
  ])('from $span.0 to $span.1', ({ span: [from = '', until = ''], found }) => {
    expect(ticks(from, until).map((text) => text.replace(/ of .*/, ''))).toEqual(found)
  })

  test('a time bears its day, a day its year, a month nothing', () => {
    expect(ticks('2026-01-31T22:10:00Z', '2026-02-01T02:00:00Z').slice(0, 2)).toEqual([
      '23:00 of 2026-01-31',
      '00:00 of 2026-02-01',
    ])
    expect(ticks('2025-12-29T00:00:00Z', '2026-01-02T00:00:00Z').at(-1)).toBe('01-02 of 2026')
    expect(ticks('2025-11-05T00:00:00Z', '2026-03-01T00:00:00Z')[0]).toBe('2025-12')
  })

  test('one instant has one tick at most', () => {
    expect(ticks('2026-01-31T22:10:00Z', '2026-01-31T22:10:00Z')).toHaveLength(1)
  })
})
