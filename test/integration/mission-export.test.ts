import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MissionService } from '../../scheduler/missions/contract.ts'
import { missionDocument } from '../../scheduler/missions/document/document.ts'
import type { MissionDatasource } from '../../scheduler/missions/document/resolved.ts'
import type { DocumentExport } from '../../scheduler/missions/export/create-export.ts'
import { parseMissionFile } from '../../scheduler/missions/export/export-file.ts'
import { createMissionExport } from '../../scheduler/missions/export/mission-export.ts'
import { refillMissions } from '../../scheduler/missions/export/refill.ts'
import { openStateDir, type StateDir } from '../../scheduler/missions/export/state-dir.ts'
import type { MissionServiceDeps } from '../../scheduler/missions/mission-deps.ts'
import { createMissionService } from '../../scheduler/missions/mission-service.ts'
import type { EnqueueRequest } from '../../scheduler/queue/runs.ts'
import { createInstallation, type Installation } from '../../scheduler/store/installation.ts'
import { createHealthStore } from '../../scheduler/store/missions/health-store.ts'
import { createMarksStore } from '../../scheduler/store/missions/marks-store.ts'
import { createMissionStore } from '../../scheduler/store/missions/mission-store.ts'
import type { StoredMission } from '../../scheduler/store/missions/stored-mission.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { realRedis } from './real-redis.ts'

const context = realRedis()
const startMs = Date.parse('2026-11-24T12:20:00Z')
const minuteMs = 60_000
let nowMs: number
let folder: string
let enqueued: EnqueueRequest[]
let deps: MissionServiceDeps
let service: MissionService
let installation: Installation
let state: StateDir
let exporter: DocumentExport

beforeEach(async () => {
  nowMs = startMs
  enqueued = []
  folder = await mkdtemp(join(tmpdir(), 'mission-export-'))
  const { redis } = context
  const vm: MissionDatasource = {
    name: 'vm',
    kind: 'victoriametrics',
    evalDelayMs: 30_000,
    maxSeries: 10_000,
    futureWrites: 'auto',
  }
  deps = {
    missions: createMissionStore(redis),
    marks: createMarksStore(redis),
    health: createHealthStore(redis),
    schedules: createScheduleStore(redis),
    queue: {
      async enqueue(requests) {
        enqueued.push(...requests)
        return requests.map(({ job }) => ({ runId: job.runId, outcome: 'new' }))
      },
    },
    cache: { drop: async () => undefined },
    clock: { now: () => nowMs },
    settings: {
      datasource: (_, name = 'vm') => (name === 'vm' ? vm : undefined),
      defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 10_000 },
      models: ['seasonal-naive'],
    },
    checkQuery: async () => ({ isEmpty: false }),
    takesOldSamples: async () => true,
  }
  service = createMissionService(deps)
  installation = createInstallation(redis)
  state = openStateDir(folder)
  exporter = anExport()
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const anExport = () => createMissionExport({ missions: deps.missions, installation, dir: state, clock: deps.clock })
const put = (id: string, fields: object = {}, tenant = 'default') =>
  service.put(tenant, missionDocument.parse({ id, query: 'up', ...fields }), { actor: 'ann' })
const refill = (missionsDir?: string) =>
  refillMissions(deps, installation, { state, ...(missionsDir !== undefined && { missionsDir }) })
const exportedIds = async (tenant = 'default') =>
  parseMissionFile(await state.read(tenant), tenant).map(({ document }) => (document as { id: string }).id)

async function everything(): Promise<StoredMission[]> {
  const missions: StoredMission[] = []
  for await (const mission of deps.missions.all()) missions.push(mission)
  return missions
}

describe('the export', () => {
  test('waits for Redis to bear an id', async () => {
    await put('cpu')
    expect(await exporter.poll()).toBe('empty')
    expect(await readdir(folder)).toEqual([])
  })

  test('writes a file a tenant when something changed, not more often than every 5 s', async () => {
    await refill()
    await put('cpu')
    await put('mem', {}, 'shop')
    expect(await exporter.poll()).toBe('written')
    expect(await exportedIds()).toEqual(['cpu'])
    expect(await exportedIds('shop')).toEqual(['mem'])
    expect(await exporter.poll()).toBe('unchanged')
    await put('disk')
    expect(await exporter.poll()).toBe('unchanged')
    expect(exporter.agreedMs()).toBe(startMs)
    nowMs += 5_000
    expect(await exporter.poll()).toBe('written')
    expect(await exportedIds()).toEqual(['cpu', 'disk'])
    expect(exporter.agreedMs()).toBe(nowMs)
  })

  test('leaves nothing but whole files', async () => {
    await refill()
    await put('cpu')
    await exporter.poll()
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      'installation',
      'missions',
      'missions/default.yaml',
    ])
  })

  test('forgets missions and tenants that are gone', async () => {
    await refill()
    await put('cpu')
    await put('mem', {}, 'shop')
    await exporter.poll()
    await service.remove('shop', 'mem', {})
    nowMs += 5_000
    await exporter.poll()
    expect(await state.tenants()).toEqual(['default'])
  })

  test('does not touch the folder of another installation', async () => {
    await state.setInstallation('other')
    await installation.found('ours')
    await put('cpu')
    expect(await exporter.poll()).toBe('foreign')
    expect(await state.tenants()).toEqual([])
  })

  test('of a Redis that is emptied under it writes nothing', async () => {
    await refill()
    await put('cpu')
    await exporter.poll()
    nowMs += 5_000
    await put('mem')
    const missions = {
      revision: () => deps.missions.revision(),
      async *all() {
        yield* deps.missions.all()
        await context.redis.flushall()
      },
    }
    const late = createMissionExport({ missions, installation, dir: state, clock: deps.clock })
    expect(await late.poll()).toBe('empty')
    expect(await exportedIds()).toEqual(['cpu'])
  })
})

describe('a refill', () => {
  test('gives back what a flush took: missions, creation times, generations, eras, pauses, schedules', async () => {
    await refill()
    const id = await installation.id()
    await put('cpu', { forecast: { every: '1h', phase: '0s' } })
    await put('mem', { detect: { cron: '*/5 * * * *' } }, 'shop')
    nowMs += 30 * minuteMs
    await put('cpu', { forecast: { every: '2h', phase: '0s' } })
    await service.pause('shop', 'mem', { reason: 'noise', actor: 'ann' })
    await exporter.poll()
    const before = await everything()

    await context.redis.flushall()
    nowMs += 10 * minuteMs
    enqueued = []
    expect(await refill()).toMatchObject({ installation: id, from: 'export', restored: 2, failures: [] })

    const after = await everything()
    const same = (each: StoredMission) => ({ ...each, updatedMs: 0 })
    expect(after.map(same)).toEqual(before.map(same))
    expect(after[0]?.forecastEras).toHaveLength(2)
    expect(await deps.schedules.get({ tenant: 'default', id: 'cpu.detect' })).toBeDefined()
    expect(await deps.schedules.get({ tenant: 'shop', id: 'mem.detect' })).toMatchObject({ pause: { reason: 'noise' } })
    expect(await refill()).toBeUndefined()
    expect(await anExport().poll()).toBe('written')
  })

  test('goes before every answer about missions, and before whoever would take their places', async () => {
    const answering = createMissionService({ ...deps, installed: async () => (await installation.id()) !== undefined })
    const document = missionDocument.parse({ id: 'cpu', query: 'up' })
    const calls = {
      put: () => answering.put('default', document, { actor: 'bob' }),
      get: () => answering.get('default', 'cpu'),
      list: () => answering.list('default', { limit: 10 }),
      pause: () => answering.pause('default', 'cpu', { reason: 'x', actor: 'bob' }),
      resume: () => answering.resume('default', 'cpu', 'bob'),
      trigger: () => answering.trigger('default', 'cpu', 'forecast', {}),
      status: () => answering.status('default', 'cpu'),
      remove: () => answering.remove('default', 'cpu', {}),
    }
    await refill()
    await put('cpu')
    await exporter.poll()
    await context.redis.flushall()
    nowMs += minuteMs
    for (const call of Object.values(calls))
      await expect(call()).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE', message: 'Redis is being filled' })
    await refill()
    expect(await calls.get()).toMatchObject({ createdMs: startMs })
    for (const call of Object.values(calls)) await call()
  })

  test('goes before a registration that was under way when Redis lost its data', async () => {
    await refill()
    const late = createMissionService({
      ...deps,
      installed: async () => (await installation.id()) !== undefined,
      async checkQuery() {
        await context.redis.flushall()
        return { isEmpty: false }
      },
    })
    const document = missionDocument.parse({ id: 'cpu', query: 'up' })
    await expect(late.put('default', document, { actor: 'bob' })).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
    expect(await everything()).toEqual([])
  })

  test('spreads its first forecasts over ten minutes and backfills nothing', async () => {
    await refill()
    for (let i = 0; i < 40; i++) await put(`m${i}`)
    await exporter.poll()
    await context.redis.flushall()
    enqueued = []
    nowMs += minuteMs
    await refill()
    expect(new Set(enqueued.map(({ job }) => job.kind))).toEqual(new Set(['first']))
    const delays = enqueued.map(({ startAtMs = 0 }) => (startAtMs - nowMs) / minuteMs)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...delays)).toBeLessThan(10)
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(5)
  })

  test('that was cut off is done again', async () => {
    await refill()
    await put('a')
    await put('b')
    await exporter.poll()
    await context.redis.flushall()
    await put('a', { notes: 'made by hand meanwhile' })
    expect(await refill()).toMatchObject({ restored: 2 })
    expect((await everything()).map(({ document }) => document.notes)).toEqual(['made by hand meanwhile', undefined])
  })

  test('keeps a copy of what no longer fits', async () => {
    await refill()
    await put('a')
    await put('b')
    await exporter.poll()
    const file = join(folder, 'missions/default.yaml')
    await writeFile(file, (await readFile(file, 'utf8')).replace('id: b', 'id: b\ndatasource: gone'))
    await context.redis.flushall()
    const report = await refill()
    expect(report).toMatchObject({
      restored: 1,
      failures: [{ source: 'missions/default.yaml', message: expect.stringMatching(/b: datasource: .*"gone"/) }],
      backups: [`${file}.${nowMs}.bak`],
    })
    await anExport().poll()
    expect(await exportedIds()).toEqual(['a'])
    expect(await readFile(`${file}.${nowMs}.bak`, 'utf8')).toContain('id: b')
  })

  test('from a file that cannot be read gives no id, so that no export writes over it', async () => {
    await refill()
    await put('a')
    await exporter.poll()
    await context.redis.flushall()
    await writeFile(join(folder, 'missions/default.yaml'), 'id: [')
    await expect(refill()).rejects.toMatchObject({ code: 'INVALID_CONFIG', message: /missions\/default\.yaml/ })
    expect(await exporter.poll()).toBe('empty')
  })

  test('of a new installation takes documents that somebody wrote', async () => {
    const own = await mkdtemp(join(tmpdir(), 'missions-'))
    await writeFile(join(own, 'a.yaml'), 'id: a\nquery: up\n---\nid: b\nquery: up\n')
    await writeFile(join(own, 'c.json'), '[{"id": "c", "query": "up"}, {"id": "Bad Id", "query": "up"}]')
    await writeFile(join(own, 'notes.txt'), 'nothing')
    const report = await refill(own)
    await rm(own, { recursive: true })
    expect(report).toMatchObject({
      from: 'missions',
      restored: 3,
      failures: [{ source: join(own, 'c.json'), message: expect.stringMatching(/mission Bad Id: id: use 1 to 63/) }],
    })
    expect((await everything()).map(({ id, createdMs }) => [id, createdMs])).toEqual([
      ['a', nowMs],
      ['b', nowMs],
      ['c', nowMs],
    ])
  })

  test('from nothing just founds the installation', async () => {
    const report = await refill()
    expect(report).toMatchObject({ from: 'nothing', restored: 0 })
    expect(await installation.id()).toBe(report?.installation)
    expect(await refill()).toBeUndefined()
  })

  test('by two processes at once ends with one id', async () => {
    const reports = await Promise.all([refill(), refill(), refill()])
    expect(new Set(reports.map((report) => report?.installation))).toEqual(new Set([await installation.id()]))
  })
})
