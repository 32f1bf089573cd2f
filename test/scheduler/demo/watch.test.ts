import { expect, test } from 'vitest'
import type { Reading } from '../../../scheduler/demo/readings.ts'
import { newWatch, watchStatus } from '../../../scheduler/demo/watch.ts'

const atMs = new Date(2026, 10, 24, 12).getTime()

function reading(score: number): Reading {
  const state = score > 1 ? 'anomaly' : score <= 1 ? 'ok' : 'learning'
  return { labels: {}, value: 1, pred: 1, lower: 0, upper: 2, score, state }
}

test.each([
  { scores: [0.5, 2], text: '12:00:00  step 12:00:00: 2 series scored, 1 above 1' },
  { scores: [0.5, Number.NaN], text: '12:00:00  step 12:00:00: 1 of 2 series scored, 0 above 1' },
])('the number of series is that of the table: $text', ({ scores, text }) => {
  expect(watchStatus({ ...newWatch(), newestMs: atMs, readings: scores.map(reading) }, atMs)).toBe(text)
})

test('before the first scores it says what it waits for', () => {
  expect(watchStatus(newWatch(), atMs)).toContain('waiting for the first forecast')
})
