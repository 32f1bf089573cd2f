import { expect, test } from 'vitest'
import { commitWindow } from '../../../scheduler/execution/commit-window.ts'
import { at, executionWorld } from '../../fakes/execution-world.ts'

const window = { fromMs: at('12:20:00'), untilMs: at('12:29:00') }
const scored = { noBand: false, requests: [] }
const T = at('12:00:00')

test.each([
  { name: 'scored', result: scored, until: window.untilMs },
  { name: 'asked for another forecast meanwhile', result: { noBand: false, requests: [T] }, until: window.untilMs },
  { name: 'without a band that could be asked for', result: { noBand: true, requests: [] }, until: window.untilMs },
  { name: 'without a band, which was asked for', result: { noBand: true, requests: [T] }, until: window.fromMs },
])('a window $name', async ({ result, until }) => {
  const { run, marks, queue } = executionWorld()
  marks.known = { scoredUntilMs: window.fromMs }
  await commitWindow(run(), window, result)
  expect(marks.known.scoredUntilMs).toBe(until)
  expect(queue.enqueued).toEqual([])
})

test('what an outage left out of reach becomes backfills of low priority, none longer than a window', async () => {
  const { run, marks, queue, mission, resolved, clock } = executionWorld()
  marks.known = { scoredUntilMs: at('11:00:00') }
  await commitWindow(run(), window, scored)
  expect(marks.known).toEqual({ scoredUntilMs: window.untilMs, gaps: [] })
  expect(resolved.maxExtendMs).toBe(50 * 60_000)
  const id = `default.cpu.gap-${at('11:00:00')}`
  const chunks = [
    { fromMs: at('11:00:00'), untilMs: at('11:50:00') },
    { fromMs: at('11:50:00'), untilMs: at('12:20:00') },
  ]
  expect(queue.enqueued).toEqual(
    chunks.map((chunk) => ({
      priority: 1_000,
      job: {
        ...{ tenant: 'default', mission: 'cpu', flow: 'detect', kind: 'backfill', bandKey: mission.bandKey },
        ...{ runId: `b.${id}.${chunk.untilMs}`, nominalMs: chunk.untilMs + 30_000, enqueuedMs: clock.nowMs },
        backfill: { id, window: chunk },
      },
    })),
  )
})

test('the gap is noted before anything is enqueued, and kept when that fails', async () => {
  const { run, marks, queue } = executionWorld()
  marks.known = { scoredUntilMs: at('12:00:00') }
  queue.enqueue = () => Promise.reject(new Error('the queue is away'))
  await expect(commitWindow(run(), window, scored)).rejects.toThrow('the queue is away')
  const gap = { fromMs: at('12:00:00'), untilMs: at('12:20:00') }
  expect(marks.known).toEqual({ scoredUntilMs: window.untilMs, gaps: [gap] })
})

test('gaps of a worker that was killed before it enqueued them are enqueued as well', async () => {
  const { run, marks, queue } = executionWorld()
  const gap = { fromMs: at('08:00:00'), untilMs: at('08:10:00') }
  marks.known = { scoredUntilMs: window.fromMs, gaps: [gap] }
  await commitWindow(run(), window, scored)
  expect(queue.enqueued.map(({ job }) => job.backfill?.window)).toEqual([gap])
  expect(marks.known.gaps).toEqual([])
})

test('a store that takes no old samples: the steps are counted, not enqueued', async () => {
  const { run, marks, queue, unscored } = executionWorld({ takesOldSamples: false })
  marks.known = { scoredUntilMs: at('12:00:00') }
  await commitWindow(run(), window, scored)
  expect({ unscored, enqueued: queue.enqueued, gaps: marks.known.gaps }).toEqual({
    unscored: [20],
    enqueued: [],
    gaps: [],
  })
})

test('marks that were lost meanwhile leave no gap', async () => {
  const { run, marks, queue } = executionWorld()
  await commitWindow(run(), window, scored)
  expect(marks.known?.gaps).toEqual([])
  expect(queue.enqueued).toEqual([])
})
