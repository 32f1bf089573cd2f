import { describe, expect, test } from 'vitest'
import type { Skip } from '../../../tasks/deps.ts'
import { judgePanel, type PanelStep } from '../../../tasks/score/judge-panel.ts'
import { scoreSeries } from '../../../tasks/score/score-series.ts'

const gap = Number.NaN
const calm = { stale: false, skipped: new Map<string, Skip>(), newIds: new Set<string>(), maxRows: 50 }

/** Values against the band [-1, 1] around `preds`. */
function panelStep(values: readonly number[], preds: readonly number[] = values.map(() => 0)): PanelStep {
  const pred = Float64Array.from(preds)
  const band = { pred, lower: pred.map((p) => p - 1), upper: pred.map((p) => p + 1) }
  const rules = { direction: 'both', minDeviation: 0, minRelativeDeviation: 0, dataRange: [-100, 100] } as const
  const scored = scoreSeries(Float64Array.from(values), band, rules)
  const series = values.map((_, s) => ({ id: `${s}`, labels: { s: `${s}` } }))
  return { series, values: Float64Array.from(values), ...band, ...scored }
}

describe('states', () => {
  test('every state is counted, zeros included', () => {
    const step = panelStep([0, 5, gap, 1, 1, 1, 1000], [0, 0, 0, gap, gap, gap, 0])
    const newIds = new Set(['4'])
    const skipped = new Map([['5', { reason: 'no_recent_value' }]])
    expect(judgePanel(step, { ...calm, newIds, skipped }).states).toEqual({
      ...{ ok: 2, no_data: 1, no_forecast: 1, learning: 1, skipped: 1, out_of_range: 1 },
      ...{ lost: 0, stale_forecast: 0, gated: 0, masked: 0 },
    })
  })

  test('what has neither value nor band is no longer expected', () => {
    const { states, rows } = judgePanel(panelStep([gap, 0], [gap, 0]), calm)
    expect(states).toMatchObject({ ok: 1, no_data: 0 })
    expect(rows.map(({ id }) => id)).toEqual(['1'])
  })

  test('no series, no states', () => {
    const { states, rows } = judgePanel(panelStep([]), calm)
    expect(Object.values(states).every((count) => count === 0)).toBe(true)
    expect(rows).toEqual([])
  })
})

describe('rows', () => {
  const step = panelStep([0.5, 9, gap, 0, 99, 0.2])

  test('scores above 1 come first, then bad states, then the rest', () => {
    expect(judgePanel(step, calm).rows.map(({ id }) => id)).toEqual(['4', '1', '2', '0', '5', '3'])
  })

  test.each([
    { maxRows: 0, ids: [] },
    { maxRows: 1, ids: ['4'] },
    { maxRows: 3, ids: ['4', '1', '2'] },
    { maxRows: 6, ids: ['4', '1', '2', '0', '5', '3'] },
  ])('at most $maxRows', ({ maxRows, ids }) => {
    expect(judgePanel(step, { ...calm, maxRows }).rows.map(({ id }) => id)).toEqual(ids)
  })

  test('a row tells value, band, score, state and reason', () => {
    expect(judgePanel(step, calm).rows[1]).toEqual({
      ...{ id: '1', labels: { s: '1' }, state: 'ok', reason: 'above the band' },
      ...{ value: 9, pred: 0, lower: -1, upper: 1, score: 1 + Math.log(9) },
    })
  })

  test('one that learns tells how many points it has', () => {
    const skipped = new Map([['0', { reason: 'too_few_points', points: 6 }]])
    const [row] = judgePanel(panelStep([1], [gap]), { ...calm, skipped }).rows
    expect(row).toMatchObject({ state: 'learning', points: 6 })
  })
})
