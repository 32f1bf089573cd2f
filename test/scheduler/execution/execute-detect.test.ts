import { describe, expect, test } from 'vitest'
import { executeDetect } from '../../../scheduler/execution/execute-detect.ts'
import { firstScorableMs } from '../../../scheduler/missions/mission-edits.ts'
import { runIds } from '../../../scheduler/queue/runs.ts'
import { at, executionWorld, minuteMs, name } from '../../fakes/execution-world.ts'

/** Scored up to 12:28, so that the run at 12:30 has one step: E is 12:29. */
async function world(options: Parameters<typeof executionWorld>[0] = {}) {
  const made = executionWorld(options)
  made.store.generate({ __name__: 'cpu' }, () => 10.5)
  made.marks.known = { scoredUntilMs: at('12:28:00') }
  return made
}
const tick = (time: string) => runIds.tick('default', 'cpu.forecast', at(time))
const scores = ({ store }: Awaited<ReturnType<typeof world>>) => store.samples('anomaly_score').map(({ ms }) => ms)

test('scores the window, keeps its plan in the job and moves the mark', async () => {
  const here = await world()
  await here.keep(at('12:00:00'))
  await here.keep(at('11:00:00'))
  const attempt = here.attempt()
  expect(await executeDetect(here.deps, here.mission, attempt)).toMatchObject({ scored: 1, missionScore: 0.5 })
  expect(scores(here)).toEqual([at('12:29:00')])
  expect(attempt.job.detectPlan?.window).toEqual({ fromMs: at('12:28:00'), untilMs: at('12:29:00') })
  expect(here.marks.known?.scoredUntilMs).toBe(at('12:29:00'))
  expect(await executeDetect(here.deps, here.mission, here.attempt())).toBeUndefined()
})

test('a new mission is scored from the T in force at its creation, and nothing before that T is asked for', async () => {
  const here = await world({ createdMs: at('12:16:00'), nowMs: at('12:22:31') })
  // the first step's lower end, 12:10, is of the run at 11:00
  here.marks.known = { scoredUntilMs: firstScorableMs(here.mission) }
  await here.keep(at('12:00:00'))
  const attempt = here.attempt({ nominalMs: at('12:22:00') })
  await executeDetect(here.deps, here.mission, attempt)
  expect(attempt.job.detectPlan?.owners.map(({ nominalMs }) => nominalMs)).toEqual([at('11:00:00'), at('12:00:00')])
  expect(scores(here)[0]).toBe(at('12:11:00'))
  expect(here.queue.enqueued).toEqual([])
})

test('a retry scores by the plan of the first attempt', async () => {
  const here = await world()
  await here.keep(at('12:00:00'))
  const attempt = here.attempt()
  await executeDetect(here.deps, here.mission, attempt)
  await here.keep(at('12:00:00'), { pred: () => 0, nonce: 'later' })
  expect(await executeDetect(here.deps, here.mission, attempt)).toMatchObject({ scored: 1 })
  expect(attempt.job.detectPlan?.payloads.map(({ nonce }) => nonce)).not.toContain('later')
})

test('a job of an older band plans anew, and its backfill is nothing to do', async () => {
  const here = await world()
  await here.keep(at('12:00:00'))
  const detectPlan = { window: { fromMs: at('00:59:00'), untilMs: at('01:00:00') }, owners: [], payloads: [] }
  const attempt = here.attempt({ bandKey: 'older', detectPlan })
  await executeDetect(here.deps, here.mission, attempt)
  expect(scores(here)).toEqual([at('12:29:00')])
  const backfill = here.attempt({
    bandKey: 'older',
    kind: 'backfill',
    backfill: { id: 'b', window: detectPlan.window },
  })
  expect(await executeDetect(here.deps, here.mission, backfill)).toBeUndefined()
})

describe('a forecast that is still to come', () => {
  test('is awaited: the mark stays, and it is not asked for again', async () => {
    const here = await world()
    here.queue.states.set(tick('12:00:00'), 'active')
    const attempt = here.attempt()
    expect(await executeDetect(here.deps, here.mission, attempt)).toMatchObject({ noBand: true, scored: 0 })
    expect(attempt.job.detectPlan?.awaited).toEqual([at('12:00:00')])
    expect(here.marks.known?.scoredUntilMs).toBe(at('12:28:00'))
    expect(here.queue.enqueued.map(({ job }) => job.nominalMs)).not.toContain(at('12:00:00'))
  })

  test('is awaited also where the one after it was quicker', async () => {
    const here = await world({ nowMs: at('13:13:01') })
    here.marks.known = { scoredUntilMs: at('12:56:00') }
    here.queue.states.set(tick('12:00:00'), 'active')
    await here.keep(at('13:00:00'))
    const attempt = here.attempt({ nominalMs: at('13:13:00') })
    expect(await executeDetect(here.deps, here.mission, attempt)).toMatchObject({ noBand: true, scored: 0 })
    expect(here.marks.known.scoredUntilMs).toBe(at('12:56:00'))
  })

  test('is used when it ends between the look at the payloads and the look at the runs', async () => {
    const here = await world()
    here.queue.states.set(tick('12:00:00'), 'active')
    const { list } = here.cache
    let looks = 0
    const cache = {
      ...here.cache,
      async list() {
        const found = await list(name)
        looks += 1
        if (looks === 1) {
          await here.keep(at('12:00:00'))
          here.queue.states.delete(tick('12:00:00'))
        }
        return found
      },
    }
    const attempt = here.attempt()
    await executeDetect({ ...here.deps, cache }, here.mission, attempt)
    expect(attempt.job.detectPlan?.awaited).toBeUndefined()
    expect(attempt.job.detectPlan?.payloads.map(({ nominalMs }) => nominalMs)).toEqual([at('12:00:00')])
    expect(scores(here)).toEqual([at('12:29:00')])
  })
})

describe('a backfill', () => {
  const window = { fromMs: at('10:00:00'), untilMs: at('10:02:00') }
  const job = { kind: 'backfill' as const, nominalMs: window.untilMs + 30_000, backfill: { id: 'b', window } }

  test('scores its window and moves no mark', async () => {
    const here = await world()
    await here.keep(at('09:00:00'))
    expect(await executeDetect(here.deps, here.mission, here.attempt(job))).toMatchObject({ scored: 2 })
    expect(here.marks.known).toEqual({ scoredUntilMs: at('12:28:00') })
    expect(here.queue.enqueued).toEqual([])
  })

  test('that somebody asked for leaves the scores that there are', async () => {
    const here = await world()
    await here.keep(at('09:00:00'))
    await executeDetect(here.deps, here.mission, here.attempt(job))
    const sent = here.store.sent()
    const asked = { ...job, runId: 'b.day', backfill: { ...job.backfill, of: 'day' } }
    expect(await executeDetect(here.deps, here.mission, here.attempt(asked))).toMatchObject({ scored: 2 })
    expect(here.store.sent()).toBe(sent)
  })

  test('without a band waits for none, and its steps are counted', async () => {
    const here = await world()
    here.queue.states.set(tick('09:00:00'), 'active')
    const attempt = here.attempt(job)
    expect(await executeDetect(here.deps, here.mission, attempt)).toMatchObject({ noBand: true })
    expect(attempt.job.detectPlan?.awaited).toBeUndefined()
    expect(here.unscored).toEqual([2])
    expect(here.queue.enqueued).toEqual([])
  })
})

test('what lies in a pause that ended by itself is no gap', async () => {
  const here = await world()
  await here.keep(at('12:00:00'))
  here.marks.known = { scoredUntilMs: at('08:00:00') }
  const pause = { reason: 'deploy', actor: 'ann', sinceMs: at('08:00:00'), untilMs: at('12:27:00') }
  const attempt = here.attempt()
  await executeDetect(here.deps, { ...here.mission, pause }, attempt)
  expect(attempt.job.detectPlan?.window.fromMs).toBe(at('12:27:00') - minuteMs)
  expect(here.queue.enqueued.filter(({ job }) => job.kind === 'backfill')).toEqual([])
})
