import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createMissionExport } from '../../scheduler/missions/export/mission-export.ts'
import { openStateDir } from '../../scheduler/missions/export/state-dir.ts'
import { reconcileMissions } from '../../scheduler/missions/reconcile-missions.ts'
import { planDue } from '../../scheduler/planning/plan-due.ts'
import type { RunRecord } from '../../scheduler/queue/runs.ts'
import { createInstallation } from '../../scheduler/store/installation.ts'
import { createHealthStore } from '../../scheduler/store/missions/health-store.ts'
import { createMissionStore } from '../../scheduler/store/missions/mission-store.ts'
import type { UnreadableDocument } from '../../scheduler/store/stored-document.ts'
import { createRunStore } from '../../scheduler/store/ticks/run-store.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createTickStore } from '../../scheduler/store/ticks/tick-store.ts'
import { minuteMs, scheduleEntry } from '../fakes/schedules.ts'
import { at, cpu, missionStage } from './mission-stage.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const stage = missionStage(real)
let told: UnreadableDocument[]
const tell = (document: UnreadableDocument) => void told.push(document)

beforeEach(() => {
  told = []
})

const nineMs = at('09:00:00')
const idle = { tick: () => undefined }

describe('a schedule', () => {
  const hash = '{at}:sch:default:bad.detect'
  const breakages: { name: string; spoil: () => Promise<unknown>; reason: RegExp }[] = [
    { name: 'is no JSON', spoil: () => real.redis.hset(hash, 'doc', '{"mission":'), reason: /^no JSON/ },
    { name: 'is of another release', spoil: () => change((doc) => ({ ...doc, version: 9 })), reason: /^version/ },
    {
      name: 'is due every 0 ms',
      spoil: () => change((doc) => ({ ...doc, spec: { kind: 'every', everyMs: 0, phaseMs: 0 } })),
      reason: /^spec.everyMs/,
    },
    {
      name: 'has a time zone that nobody knows',
      spoil: () => change((doc) => ({ ...doc, spec: { kind: 'cron', cron: '* * * * *', timeZone: 'Mars/Olympus' } })),
      reason: /Mars/,
    },
    { name: 'has lost its last T', spoil: () => real.redis.hdel(hash, 'last'), reason: /no generation and last T/ },
  ]

  async function change(edit: (document: object) => object): Promise<void> {
    const document = JSON.parse((await real.redis.hget(hash, 'doc')) ?? '')
    await real.redis.hset(hash, 'doc', JSON.stringify(edit(document)))
  }

  test.each(breakages)(
    'that $name is set aside for a minute, and the others are planned',
    async ({ spoil, reason }) => {
      const schedules = createScheduleStore(real.redis, tell)
      for (const id of ['bad.detect', 'good.detect']) await schedules.upsertSchedule(scheduleEntry({ id }), nineMs)
      await spoil()
      const deps = { schedules, queue: { enqueue: enqueued, state: async () => undefined }, metrics: idle }
      expect(await planDue(deps, nineMs + minuteMs)).toEqual({ decided: 1, overtaken: 0, enqueued: 1 })
      expect(told).toEqual([{ kind: 'schedule', key: 'default/bad.detect', reason: expect.stringMatching(reason) }])
      await planDue(deps, nineMs + 1.5 * minuteMs)
      expect(told).toHaveLength(1)
      await planDue(deps, nineMs + 2 * minuteMs)
      expect(told).toHaveLength(2)
    },
  )

  test.each(breakages)('that $name does not keep the others from their due entry', async ({ spoil }) => {
    const schedules = createScheduleStore(real.redis, tell)
    for (const id of ['bad.detect', 'good.detect']) await schedules.upsertSchedule(scheduleEntry({ id }), nineMs)
    await spoil()
    await real.redis.del('{at}:due')
    expect(await schedules.repairDue()).toEqual([{ tenant: 'default', id: 'good.detect' }])
    expect(told).toHaveLength(1)
  })

  test('is written anew from its mission, and goes on after its last T', async () => {
    await stage.put()
    const before = (await stage.schedule('detect'))!
    await real.redis.hset('{at}:sch:default:cpu.detect', 'doc', 'gone')
    stage.nowMs = at('12:25:00')
    await reconcileMissions(stage.deps)
    expect(await stage.schedule('detect')).toEqual({ ...before, generation: before.generation + 1 })
  })

  test('of the release before bears no version', async () => {
    const schedules = createScheduleStore(real.redis, tell)
    await schedules.upsertSchedule(scheduleEntry({ id: 'bad.detect' }), nineMs)
    await change(({ ...document }: { version?: number }) => {
      delete document.version
      return document
    })
    expect(await schedules.get({ tenant: 'default', id: 'bad.detect' })).toMatchObject({ mission: 'cpu' })
    expect(told).toEqual([])
  })

  test('whose name cannot be is dropped from what is due', async () => {
    const schedules = createScheduleStore(real.redis, tell)
    await schedules.upsertSchedule(scheduleEntry({ id: 'good.detect' }), nineMs)
    await real.redis.zadd('{at}:due', 0, 'noslash')
    expect(await schedules.dueBefore(nineMs + minuteMs, 10)).toHaveLength(1)
    expect(await real.redis.zcard('{at}:due')).toBe(1)
  })
})

async function enqueued(requests: readonly { job: { runId: string } }[]) {
  return requests.map(({ job }) => ({ runId: job.runId, outcome: 'new' as const }))
}

describe('ticks', () => {
  const key = { tenant: 'default', id: 'cpu.detect' }
  const schedule = { ...key, flow: 'detect' } as const
  const dayKey = `{at}:tick:default:cpu.detect:${Math.floor(nineMs / 86_400_000)}`

  test('a day that was cut off begins anew, and planning goes on', async () => {
    const ticks = createTickStore(real.redis, tell)
    await ticks.record(schedule, { nominalMs: nineMs, outcome: 'run', reason: 'on_time' })
    await real.redis.append(dayKey, 'cut')
    expect(await ticks.list(key, { fromMs: 0, untilMs: nineMs })).toEqual([])
    expect(told).toEqual([
      { kind: 'ticks', key: expect.stringMatching('default/cpu.detect'), reason: expect.any(String) },
    ])
    const mark = { nominalMs: nineMs + minuteMs, outcome: 'run', reason: 'on_time', lagMs: 0 } as const
    expect(await ticks.record(schedule, mark)).toEqual({ outcome: 'run', isNew: true })
    expect(await ticks.list(key, { fromMs: 0, untilMs: nineMs + minuteMs })).toMatchObject([mark])
  })

  test('an open tick whose name cannot be is dropped, and the lost ones are found', async () => {
    const ticks = createTickStore(real.redis, tell)
    const open = [0, 'nonsense', 0, `detect/default/cpu.detect/${nineMs}`] as const
    await real.redis.zadd('{at}:open', ...open)
    expect(await ticks.lostTicks(1)).toEqual([{ ...schedule, nominalMs: nineMs }])
    expect(await real.redis.zrange('{at}:open', '0', '-1')).toEqual([open[3]])
  })
})

describe('a mission', () => {
  beforeEach(async () => {
    stage.deps = { ...stage.deps, missions: createMissionStore(real.redis, tell) }
    for (const id of ['bad', 'cpu']) await stage.put({ id })
    await real.redis.hset('{at}:mis:default:bad', 'mission', '{"version":9}')
  })

  test('is left out of lists, and says what to do where it is asked for', async () => {
    const page = await stage.service.list('default', { limit: 10 })
    expect(page.missions.map(({ id }) => id)).toEqual(['cpu'])
    const hint = { code: 'CACHE_INVALID', message: expect.stringMatching(/^mission bad .*version.*delete and apply/) }
    await expect(stage.service.get('default', 'bad')).rejects.toMatchObject(hint)
    await expect(stage.put({ id: 'bad' })).rejects.toMatchObject(hint)
  })

  test('keeps its schedules, and does not keep the reconciler from the others', async () => {
    await real.redis.del('{at}:sch:default:cpu.detect')
    expect(await reconcileMissions(stage.deps)).toMatchObject({ missions: 1, orphans: 0, failures: [] })
    expect(told).toEqual([{ kind: 'mission', key: 'default/bad', reason: expect.stringMatching(/^version/) }])
    expect(await stage.schedule('detect')).toBeDefined()
    expect(await stage.deps.schedules.get({ tenant: 'default', id: 'bad.detect' })).toBeDefined()
  })

  test('can be deleted and put again', async () => {
    await stage.service.remove('default', 'bad', {})
    expect(await stage.put({ id: 'bad' })).toMatchObject({ outcome: 'created' })
  })

  test('stays in a copy of the export before the next one leaves it out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'unreadable-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const dir = openStateDir(folder)
    await dir.write('default', 'id: bad')
    const installation = createInstallation(real.redis)
    await dir.setInstallation(await installation.found('i'))
    const { missions, clock } = stage.deps
    const exporter = createMissionExport({ missions, installation, dir, clock })
    expect(await exporter.poll()).toBe('written')
    const copy = `default.yaml.${stage.nowMs}.bak`
    expect(await readdir(join(folder, 'missions'))).toEqual(['default.yaml', copy])
    expect(await readFile(join(folder, 'missions', copy), 'utf8')).toBe('id: bad')
    stage.nowMs += minuteMs
    await stage.put({ notes: 'more' })
    expect(await exporter.poll()).toBe('written')
    expect(await readdir(join(folder, 'missions'))).toEqual(['default.yaml', copy])
  })
})

test('health that cannot be read is told without the part that is broken', async () => {
  const health = createHealthStore(real.redis, tell)
  await real.redis.hset('{at}:health:default:cpu', 'detect.successMs', 5, 'states', '{', 'detect.error', '{}')
  expect(await health.get(cpu)).toEqual({ state: 'active', consecutiveFailures: 0, lastSuccessMs: 5 })
  expect(told.map(({ key }) => key)).toEqual(['default/cpu', 'default/cpu'])
})

test('a run that cannot be read is left out, and the others are told', async () => {
  const runs = createRunStore(real.redis, tell)
  const run: RunRecord = {
    ...{ runId: 'r.a', kind: 'tick', flow: 'detect', tenant: 'default', mission: 'cpu', nominalMs: 1, worker: 'w' },
    ...{ state: 'active', attempt: 1, startedMs: 1, summary: { read: 1 } },
  }
  for (const runId of ['r.a', 'r.b', 'r.c']) await runs.put({ ...run, runId })
  await real.redis.del('{at}:run:r.a', '{at}:run:r.b')
  await real.redis.hset('{at}:run:r.a', 'doc', '[')
  await real.redis.hset('{at}:run:r.b', 'doc', JSON.stringify({ version: 1, ...run, state: 'dancing' }))
  expect(await runs.unfinished(9)).toEqual([{ ...run, runId: 'r.c' }])
  expect(told.map(({ kind, key }) => [kind, key])).toEqual([
    ['run', 'r.a'],
    ['run', 'r.b'],
  ])
})
