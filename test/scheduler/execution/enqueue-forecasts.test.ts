import { describe, expect, test } from 'vitest'
import { enqueueForecasts, enqueueJoin, isAlive } from '../../../scheduler/execution/enqueue-forecasts.ts'
import { runIds } from '../../../scheduler/queue/runs.ts'
import { at, executionWorld, minuteMs } from '../../fakes/execution-world.ts'

const T = at('12:00:00')
const everyMs = 5 * minuteMs
const round = Math.floor(at('12:30:31') / everyMs)

describe('a forecast that detect misses', () => {
  test('is requested before ticks, under an id of its T, band and five minutes', async () => {
    const { deps, mission, queue, clock } = executionWorld()
    await enqueueForecasts(deps, { mission, nominalMs: [at('11:00:00'), T] })
    const { bandKey } = mission
    expect(queue.enqueued).toEqual(
      [at('11:00:00'), T].map((nominalMs) => ({
        priority: 5,
        job: {
          ...{ tenant: 'default', mission: 'cpu', kind: 'request', flow: 'forecast', nominalMs, bandKey },
          ...{ runId: `f.default.cpu.${nominalMs}.${bandKey}.${round}`, enqueuedMs: clock.nowMs },
        },
      })),
    )
  })

  test('is requested once in five minutes per mission', async () => {
    const { deps, mission, queue, clock } = executionWorld()
    const request = () => enqueueForecasts(deps, { mission, nominalMs: [T] })
    await request()
    clock.nowMs += everyMs - 1
    await request()
    expect(queue.enqueued).toHaveLength(1)
    clock.nowMs += 1
    await request()
    expect(queue.enqueued).toHaveLength(2)
  })

  test('is left to the run that makes it, and nothing is noted', async () => {
    const { deps, mission, queue } = executionWorld()
    queue.states.set(runIds.tick('default', 'cpu.forecast', T), 'waiting')
    await enqueueForecasts(deps, { mission, nominalMs: [T] })
    await enqueueForecasts(deps, { mission, nominalMs: [T, at('11:00:00')] })
    expect(queue.enqueued.map(({ job }) => job.nominalMs)).toEqual([at('11:00:00')])
  })
})

describe('the run of a T', () => {
  const { mission } = executionWorld()
  const first = (n: number) => runIds.first('default', 'cpu', T, mission.bandKey, n)

  test.each([
    { name: 'its tick waits', id: runIds.tick('default', 'cpu.forecast', T), state: 'waiting', alive: true },
    { name: 'its tick is delayed', id: runIds.tick('default', 'cpu.forecast', T), state: 'delayed', alive: true },
    { name: 'its tick works', id: runIds.tick('default', 'cpu.forecast', T), state: 'active', alive: true },
    { name: 'its tick ended', id: runIds.tick('default', 'cpu.forecast', T), state: 'completed', alive: false },
    { name: 'its tick failed', id: runIds.tick('default', 'cpu.forecast', T), state: 'failed', alive: false },
    { name: 'the first run works', id: first(mission.generation), state: 'active', alive: true },
    { name: 'a request of now waits', id: first(round), state: 'waiting', alive: true },
    { name: 'a request of 55 minutes ago waits', id: first(round - 11), state: 'waiting', alive: true },
    { name: 'a request of an hour ago waits', id: first(round - 12), state: 'waiting', alive: false },
    { name: 'another T waits', id: runIds.tick('default', 'cpu.forecast', T + 1), state: 'waiting', alive: false },
  ] as const)('$name: $alive', async ({ id, state, alive }) => {
    const { deps, queue } = executionWorld()
    queue.states.set(id, state)
    expect(await isAlive(deps, mission, T)).toBe(alive)
  })
})

describe('series without a forecast', () => {
  const joinOf = (here: ReturnType<typeof executionWorld>, ids: readonly string[]) =>
    enqueueJoin(here.deps, { mission: here.mission, resolved: here.resolved, newIds: ids })

  test('are joined once they have had their points, those alone', async () => {
    const here = executionWorld()
    const { minPoints, stepMs } = here.resolved.forecastParams
    await joinOf(here, ['a'])
    here.clock.nowMs += minPoints * stepMs - 1
    await joinOf(here, ['a', 'b'])
    expect(here.queue.enqueued).toEqual([])
    here.clock.nowMs += 1
    await joinOf(here, ['a', 'b'])
    const J = Math.floor(here.clock.nowMs / stepMs) * stepMs
    expect(here.queue.enqueued).toEqual([
      {
        priority: 5,
        job: {
          ...{ tenant: 'default', mission: 'cpu', kind: 'join', flow: 'forecast', nominalMs: J, joinIds: ['a'] },
          ...{ runId: `j.default.cpu.${J}`, bandKey: here.mission.bandKey, enqueuedMs: here.clock.nowMs },
        },
      },
    ])
    here.clock.nowMs += everyMs - 1
    await joinOf(here, ['a'])
    expect(here.queue.enqueued).toHaveLength(1)
  })

  test('none: nothing is looked up', async () => {
    const here = executionWorld()
    const requests = { ...here.deps.requests, seenFor: () => Promise.reject(new Error('looked up')) }
    await enqueueJoin({ ...here.deps, requests }, { mission: here.mission, resolved: here.resolved, newIds: [] })
    expect(here.queue.enqueued).toEqual([])
  })
})
