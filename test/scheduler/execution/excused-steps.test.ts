import { describe, expect, test } from 'vitest'
import { excusedSteps } from '../../../scheduler/execution/excused-steps.ts'
import { executeDetect } from '../../../scheduler/execution/execute-detect.ts'
import type { RunJob } from '../../../scheduler/queue/runs.ts'
import { at, executionWorld } from '../../fakes/execution-world.ts'

const window = (from: string, to: string) => ({ from: `2026-11-24T${from}Z`, to: `2026-11-24T${to}Z` })
const freeze = (...windows: ReturnType<typeof window>[]) => ({ effect: 'noRun', windows })

test.each([
  { name: 'no T and no step', from: '12:10:10', to: '12:10:40' },
  { name: 'one second before a T', from: '12:09:59', to: '12:10:00' },
])('a window of $name takes nothing', ({ from, to }) => {
  const { fromMs, untilMs } = excusedSteps(executionWorld().resolved, { fromMs: at(from), untilMs: at(to) })
  expect(fromMs).toBe(untilMs)
})

test.each([
  { name: 'a window on the minute', from: '12:10:00', to: '12:20:00', first: '12:09:00', last: '12:19:00' },
  { name: 'one off the minute', from: '12:10:30', to: '12:20:30', first: '12:10:00', last: '12:20:00' },
  { name: 'one of a single T', from: '12:10:00', to: '12:10:40', first: '12:09:00', last: '12:10:00' },
])('$name: steps from $first to $last', ({ from, to, first, last }) => {
  const { resolved } = executionWorld()
  const { fromMs, untilMs } = excusedSteps(resolved, { fromMs: at(from), untilMs: at(to) })
  // the first one is that of the first T which was taken
  expect([fromMs, untilMs]).toEqual([at(first) - 60_000, at(last)])
})

describe('after a window in which nothing ran', () => {
  /** The run at a T, with everything up to `scored` scored before. */
  async function runAt(
    time: string,
    { scored = '12:08:00', calendars = [freeze(window('12:10:00', '12:20:00'))] } = {},
  ) {
    const here = executionWorld({ nowMs: at(time) + 5_000, calendars })
    here.store.generate({ __name__: 'cpu' }, () => 10.5)
    await here.keep(at('12:00:00'))
    await here.keep(at('11:00:00'))
    here.marks.known = { scoredUntilMs: at(scored) }
    const run = (fields: Partial<RunJob> = {}) =>
      executeDetect(here.deps, here.mission, here.attempt({ nominalMs: at(time), ...fields }))
    const scores = () => here.store.samples('anomaly_score').map(({ ms }) => new Date(ms).toISOString().slice(11, 16))
    return { ...here, run, scores }
  }

  test('the first T has nothing to score, the second scores one step', async () => {
    const first = await runAt('12:20:00')
    expect(await first.run()).toBeUndefined()
    expect(first.marks.known).toMatchObject({ scoredUntilMs: at('12:19:00') })
    const second = await runAt('12:21:00')
    await second.run()
    expect([second.scores(), second.marks.known?.scoredUntilMs]).toEqual([['12:20'], at('12:20:00')])
    expect([second.queue.enqueued, second.unscored]).toEqual([[], []])
  })

  test('what an outage had left before it is a backfill, and nothing of the window is', async () => {
    const here = await runAt('12:30:00', { scored: '12:01:00' })
    await here.run()
    expect(here.scores()).toEqual(Array.from({ length: 10 }, (_, i) => `12:${20 + i}`))
    expect(here.queue.enqueued.map(({ job }) => job.backfill?.window)).toEqual([
      { fromMs: at('12:01:00'), untilMs: at('12:08:00') },
    ])
    expect(here.marks.known).toMatchObject({ scoredUntilMs: at('12:29:00'), gaps: [] })
  })

  test('several windows leave what lies between them to a backfill', async () => {
    const calendars = [freeze(window('12:10:00', '12:12:00'), window('12:16:00', '12:20:00'))]
    const here = await runAt('12:21:00', { calendars })
    await here.run()
    expect(here.scores()).toEqual(['12:20'])
    expect(here.queue.enqueued.map(({ job }) => job.backfill?.window)).toEqual([
      { fromMs: at('12:11:00'), untilMs: at('12:14:00') },
    ])
  })

  test('a run that began late in it scores what lies before it', async () => {
    const here = await runAt('12:09:00', { scored: '12:07:00' })
    await here.run()
    expect([here.scores(), here.marks.known?.scoredUntilMs]).toEqual([['12:08'], at('12:08:00')])
  })

  test('a run that somebody asked for scores it', async () => {
    const here = await runAt('12:12:00', { scored: '12:09:00' })
    await here.run({ kind: 'trigger' })
    expect(here.scores()).toEqual(['12:10', '12:11'])
  })

  test.each(['noAlert', 'mask'])('%s keeps no step from its score', async (effect) => {
    const calendars = [{ ...freeze(window('12:10:00', '12:20:00')), effect }]
    const here = await runAt('12:12:00', { scored: '12:09:00', calendars })
    await here.run()
    expect(here.scores()).toEqual(['12:10', '12:11'])
  })

  test('what a calendar that was taken back had left out is scored', async () => {
    const here = await runAt('12:15:00', { calendars: [] })
    await here.run()
    expect(here.scores()[0]).toBe('12:09')
  })
})
