import { describe, expect, test } from 'vitest'
import { seriesId } from '../../../models/series.ts'
import { executeForecast } from '../../../scheduler/execution/execute-forecast.ts'
import type { RunJob } from '../../../scheduler/queue/runs.ts'
import { at, executionWorld, minuteMs, name } from '../../fakes/execution-world.ts'

const T = at('12:00:00')
const stepMs = 5 * minuteMs

function world(options: Parameters<typeof executionWorld>[0] = {}) {
  const here = executionWorld(options)
  here.marks.known = { scoredUntilMs: at('12:28:00') }
  here.store.generate({ __name__: 'cpu' }, () => 10)
  const run = (fields: Partial<RunJob> = {}) => {
    const kind = { kind: 'tick', flow: 'forecast', nominalMs: T, runId: 'r.1', ...fields } as const
    return executeForecast(here.deps, here.mission, here.attempt(kind))
  }
  return { ...here, run, drawn: () => here.store.samples('anomaly_pred').map(({ ms }) => ms) }
}
const steps = (from: string, until: string) =>
  Array.from({ length: (at(until) - at(from)) / stepMs }, (_, i) => at(from) + (i + 1) * stepMs)

test('a tick keeps the whole horizon and draws the steps that it owns', async () => {
  const { run, drawn, cache } = world()
  expect(await run()).toMatchObject({ forecast: 1 })
  expect(drawn()).toEqual(steps('12:10:00', '13:10:00'))
  expect(await cache.list(name)).toMatchObject([{ nominalMs: T, kind: 'run' }])
})

test('nothing is published before the marks are known', async () => {
  const { run, marks, drawn } = world()
  marks.known = undefined
  await run()
  expect(marks.known).toMatchObject({ scoredUntilMs: at('06:10:00') })
  expect(drawn()).not.toEqual([])
})

test('a job of an older band computes nothing', async () => {
  const { run, drawn, cache } = world()
  expect(await run({ bandKey: 'older' })).toMatchObject({ forecast: 0 })
  expect({ drawn: drawn(), kept: await cache.list(name) }).toEqual({ drawn: [], kept: [] })
})

test('a trigger computes again what is kept, a tick does not', async () => {
  const { run } = world()
  await run()
  expect(await run()).toMatchObject({ read: 0 })
  expect(await run({ kind: 'trigger', recompute: true, runId: 'f.2' })).toMatchObject({ read: 1, forecast: 1 })
})

test.each([true, false])('a backfill runs where the store takes samples that old: %s', async (takesOldSamples) => {
  const { run } = world({ takesOldSamples })
  const backfill = { kind: 'backfill', nominalMs: at('11:00:00'), backfill: { id: 'b' } } as const
  expect((await run(backfill)) !== undefined).toBe(takesOldSamples)
})

test('a run of a registration enqueues the one before it, also where its own store then fails', async () => {
  const { run, queue } = world({ takesOldSamples: false })
  const backfill = { id: 'b', earlier: { sinceMs: at('09:30:00'), left: 5 } }
  await run({ kind: 'backfill', nominalMs: at('11:00:00'), backfill })
  expect(queue.enqueued).toMatchObject([
    { job: { runId: `b.b.${at('10:00:00')}`, nominalMs: at('10:00:00'), backfill: { id: 'b', earlier: { left: 4 } } } },
  ])
})

describe('a join at 12:30', () => {
  const id = seriesId({ mission: 'cpu', metric: 'cpu' })
  const join = { kind: 'join', nominalMs: at('12:30:00'), joinIds: [id] } as const
  const other = { series: [{ __name__: 'cpu', host: 'other' }] }

  test('owns its own step and those up to the next boundary, of an owner that ended without the series', async () => {
    const { run, drawn, keep } = world()
    await keep(T, other)
    expect(await run(join)).toMatchObject({ forecast: 1 })
    expect(drawn()).toEqual(steps('12:25:00', '13:10:00'))
  })

  test('leaves the steps of an owner that has the series', async () => {
    const { run, drawn, keep } = world()
    await keep(T, { series: [{ __name__: 'cpu' }] })
    expect(await run(join)).toBeUndefined()
    expect(drawn()).toEqual([])
  })

  test('leaves the steps of an owner that is still at work, or served by an older band', async () => {
    const { run, drawn, keep } = world()
    expect(await run(join)).toBeUndefined()
    await keep(T, { ...other, bandKey: 'older' })
    expect(await run(join)).toBeUndefined()
    expect(drawn()).toEqual([])
  })
})

describe('a backfill', () => {
  const backfill = { kind: 'backfill', backfill: { id: 'b1' }, nominalMs: at('08:00:00') } as const

  test('draws only before what may be somebody else’s, and is then scored', async () => {
    const { run, deps, mission, queue, marks, attempt } = world()
    const claimed: string[] = []
    const claim = (verb: string) => async () => {
      claimed.push(verb)
      return { steps: { fromMs: 0, untilMs: 0 }, undrawnOnly: undefined }
    }
    const only = { ...deps, marks: { ...marks, claim: claim('claim'), claimBefore: claim('claimBefore') } }
    await executeForecast(only, mission, attempt({ ...backfill, flow: 'forecast', runId: 'b.b1.1' }))
    expect(claimed).toEqual(['claimBefore'])
    const window = { fromMs: at('08:10:00'), untilMs: at('09:10:00') }
    expect(queue.enqueued).toMatchObject([
      {
        priority: 1_000,
        job: {
          ...{ flow: 'detect', kind: 'backfill', nominalMs: at('08:00:00') },
          ...{ runId: `b.b1-score.${at('08:00:00')}`, backfill: { id: 'b1-score', window } },
        },
      },
    ])
    await run()
    expect(queue.enqueued).toHaveLength(1)
  })

  test('that somebody asked for is followed by what that one orders', async () => {
    const { run, queue } = world()
    expect(await run({ ...backfill, backfill: { id: 'day', of: 'day' } })).toMatchObject({ forecast: 1 })
    expect(queue.enqueued).toEqual([])
  })

  test('of an older band is not scored', async () => {
    const { run, queue } = world()
    await run({ ...backfill, bandKey: 'older' })
    expect(queue.enqueued).toEqual([])
  })
})
