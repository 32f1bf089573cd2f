import { expect, test } from 'vitest'
import { latestNominal, nextNominal } from '../../../scheduler/planning/tick-sequence.ts'

const every = (everyMs: number, phaseMs = 0) => ({ kind: 'every', everyMs, phaseMs }) as const
/** Every 10 up to 35, every 7 (+1) up to 50, then every 20. */
const edited = {
  earlier: [
    { spec: every(10), untilMs: 35 },
    { spec: every(7, 1), untilMs: 50 },
  ],
  spec: every(20),
}
const expected = [0, 10, 20, 30, 36, 43, 50, 60, 80, 100]

test('T’s of each spec while it was in force, in one order', () => {
  const ticks: number[] = []
  for (let ms: number | undefined = -1; ms !== undefined && ms < 100; ) {
    ms = nextNominal(edited, ms)
    if (ms !== undefined) ticks.push(ms)
  }
  expect(ticks).toEqual(expected)
})

test('the latest T at or before any instant is the one that next found', () => {
  for (let ms = 0; ms <= 100; ms++) {
    expect(latestNominal(edited, ms)).toBe(expected.filter((tickMs) => tickMs <= ms).at(-1))
  }
})

test('without edits it is the schedule’s own sequence', () => {
  const plain = { earlier: [], spec: every(20) }
  expect([nextNominal(plain, 20), latestNominal(plain, 20), latestNominal(plain, 19)]).toEqual([40, 20, 0])
})
