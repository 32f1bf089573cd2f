import { afterEach, expect, test } from 'vitest'
import { runReader } from '../../scheduler/api/run-reader.ts'
import type { Api } from '../../scheduler/api/types.ts'
import { createPlanner } from '../../scheduler/planning/planner.ts'
import { createScheduleService } from '../../scheduler/schedules/service.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { runCli } from '../fakes/fake-io.ts'
import { minuteMs } from '../fakes/schedules.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis()
const clock = { behindMs: 0, now: () => Date.now() - clock.behindMs }
const { queue: openQueue, worker: startWorker } = runWorkers(real, clock)
const probe = '{id: probe, flow: noop, labels: {team: sre}, spec: {every: 1m, phase: 0s}, policy: {startSpread: 0s}}'
let app: Api

afterEach(() => app.close())

/** The command line against the API over a real Redis, with a planner that plans when it is told to. */
async function scene() {
  clock.behindMs = 0
  const { queue, runs, ticks, runService } = openQueue()
  const schedules = createScheduleStore(real.redis)
  const metrics = { tick: () => undefined, lostRun: () => undefined }
  const planner = createPlanner({ redis: real.redis, clock, schedules, ticks, runs, queue, replica: 'one', metrics })
  app = await fakeApi({
    ...{ runs: runReader(runs), runService, ticks, now: clock.now },
    schedules: createScheduleService({ schedules, ticks, queue, clock }),
  })
  const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
  return { planner, cli: (line: string, stdin = '') => runCli(line.split(' '), { environment, stdin }) }
}

test('schedules are applied, listed, shown, paused, resumed and deleted', async () => {
  const { cli } = await scene()
  expect(await cli('schedule list')).toMatchObject({ exitCode: 0, out: 'no schedules' })
  expect(await cli('schedule apply -f -', probe)).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/created +probe/),
  })
  expect((await cli('schedule apply -f -', probe)).out).toContain('1 unchanged')
  expect(await cli('schedule apply -f -', '{id: probe, flow: nop, spec: {every: 1m}}')).toMatchObject({
    ...{ exitCode: 1, out: expect.stringContaining('no flow "nop"') },
  })
  const { out: list } = await cli('schedule list --labels team=sre')
  expect(list).toMatch(/^SCHEDULE +FLOW +STATE +WHEN +NEXT +WHY\nprobe +noop +active +every 1m +in \d+ s +-$/)
  expect((await cli('schedule list --labels team!=sre')).out).toBe('no schedules')
  expect((await cli('schedule get probe')).out).toMatch(/^when +every 1m$/m)
  expect((await cli('schedule get probe -o yaml')).out).toMatch(/^id: probe\nflow: noop\n/)
  expect(await cli('schedule get prob')).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('no schedule "prob"'),
  })
  expect((await cli('schedule pause probe --reason release --for 2h')).out).toMatch(/^probe: paused until 20/)
  expect((await cli('schedule get probe')).out).toMatch(/^paused by +anonymous: release$/m)
  expect(await cli('schedule resume probe')).toMatchObject({ exitCode: 0, out: 'probe: resumed' })
  expect(await cli('schedule delete probe probe')).toMatchObject({
    ...{ exitCode: 1, out: 'probe: deleted', err: expect.stringContaining('no schedule "probe"') },
  })
})

test('ticks and runs are listed, a trigger is waited for', async () => {
  const { cli, planner } = await scene()
  startWorker(async (job) => {
    if (job.kind === 'trigger') throw new Error('no route to host')
    return {}
  })
  clock.behindMs = 5 * minuteMs
  await cli('schedule apply -f -', probe)
  clock.behindMs = 0
  await planner.planDue(Date.now())
  await expect
    .poll(async () => (await cli('tick list probe --outcome run')).out, { timeout: 10_000 })
    .toMatch(/^T +OUTCOME +WHY +LAG +RUN\n20.* run .* s +r\.default\.probe\.\d+$/)
  expect((await cli('tick list probe --outcome coalesced')).out.split('\n')).toHaveLength(5)
  expect((await cli('tick list probe --last 1s --outcome coalesced')).out).toBe('no ticks')
  const triggered = await cli('schedule trigger probe --wait --timeout 20s')
  expect(triggered).toMatchObject({
    exitCode: 1,
    err: expect.stringMatching(/^probe: run t\.default\.probe\.\d+ failed/),
  })
  expect((await cli('run list --state failed')).out).toMatch(/noop +probe .* trigger +t\.default\.probe\.\d+ +failed/)
  expect(await cli('schedule trigger probe --params {')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('no JSON'),
  })
})

test('times tell what the clocks do', async () => {
  const { cli } = await scene()
  const cron = '{id: night, flow: noop, spec: {cron: "30 2 * * *", timeZone: Europe/Berlin}}'
  await cli('schedule apply -f -', cron)
  expect((await cli('schedule times night --from 2027-03-27T12:00:00Z --limit 2')).out).toMatch(
    /2027-03-28T01:00:00.000Z +in \d+ d +shifted\n2027-03-29T00:30:00.000Z/,
  )
  expect((await cli('schedule times night --limit 0')).err).toContain('limit')
})
