import { expect, test } from 'vitest'
import { mayReadDrawnBand } from '../../../scheduler/execution/may-read-drawn-band.ts'
import { at, executionWorld } from '../../fakes/execution-world.ts'

const { mission, resolved } = executionWorld({ createdMs: at('06:20:00') })
const windowFrom = (fromMs: number) => ({ fromMs, untilMs: fromMs + 60_000 })

// an hour's gap and ten minutes of lead after the change, and the grid step before the window
test.each([
  { from: at('07:34:59'), may: false },
  { from: at('07:35:00'), may: true },
])('a window from $from on: $may', ({ from, may }) => {
  expect(mayReadDrawnBand(mission, resolved, windowFrom(from))).toBe(may)
})

test('an edit of the query counts from its instant', () => {
  const edited = { ...mission, scopeSinceMs: at('09:00:00') }
  expect(mayReadDrawnBand(edited, resolved, windowFrom(at('10:14:00')))).toBe(false)
  expect(mayReadDrawnBand(edited, resolved, windowFrom(at('10:15:00')))).toBe(true)
})

test('a mission that was never forecast has drawn nothing', () => {
  expect(mayReadDrawnBand({ ...mission, forecastEras: [] }, resolved, windowFrom(at('23:00:00')))).toBe(false)
})
