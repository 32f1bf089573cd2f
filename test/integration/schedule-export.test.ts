import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStateDir, type StateDir } from '../../scheduler/missions/export/state-dir.ts'
import { scheduleDocument } from '../../scheduler/schedules/document.ts'
import { createScheduleExport, refillSchedules } from '../../scheduler/schedules/export-schedules.ts'
import { resolveSchedule } from '../../scheduler/schedules/resolve.ts'
import { createInstallation } from '../../scheduler/store/installation.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { minuteMs, scheduleEntry } from '../fakes/schedules.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const startMs = Date.parse('2026-11-24T12:00:00Z')
const clock = { nowMs: startMs, now: () => clock.nowMs }
let folder: string
let dir: StateDir

beforeEach(async () => {
  clock.nowMs = startMs
  folder = await mkdtemp(join(tmpdir(), 'schedule-export-'))
  dir = openStateDir(folder, 'schedules')
})
afterEach(() => rm(folder, { recursive: true }))

const entry = (tenant: string, document: object) =>
  resolveSchedule(tenant, scheduleDocument.parse({ flow: 'noop', ...document }), { nowMs: startMs })

async function scene() {
  const schedules = createScheduleStore(real.redis)
  const installation = createInstallation(real.redis)
  await installation.found('one')
  const exporter = createScheduleExport({ schedules, installation, dir, clock })
  const written = async () => {
    clock.nowMs += minuteMs
    return exporter.poll()
  }
  return { schedules, written, text: (tenant: string) => readFile(join(folder, 'schedules', `${tenant}.yaml`), 'utf8') }
}

test('schedules of their own are written after every change, those of missions not', async () => {
  const { schedules, written, text } = await scene()
  expect(await written()).toBe('written')
  await schedules.upsertSchedule(scheduleEntry(), startMs)
  expect(await written()).toBe('unchanged')
  await schedules.upsertSchedule(entry('default', { id: 'probe', spec: { every: '1m' } }), startMs)
  expect(await written()).toBe('written')
  expect(await text('default')).toMatch(
    /^# Schedules of tenant default, .*\n---\n# anomaly-times: .*\nid: probe\nflow: noop\n/,
  )
  expect(await text('default')).not.toContain('cpu.detect')
  expect(await written()).toBe('unchanged')
  await schedules.setPaused({ tenant: 'default', id: 'probe' }, { reason: 'release' }, startMs)
  expect(await written()).toBe('written')
  await schedules.removeSchedule({ tenant: 'default', id: 'probe' })
  expect(await written()).toBe('written')
  await expect(text('default')).rejects.toThrow('ENOENT')
})

test('an empty Redis gets them back with generation and pause, also one that has no T left', async () => {
  const { schedules, written } = await scene()
  const probe = entry('default', { id: 'probe', spec: { every: '1m' }, labels: { team: 'sre' } })
  await schedules.upsertSchedule(probe, startMs)
  await schedules.upsertSchedule({ ...probe, own: { ...probe.own!, owner: 'ann' } }, startMs)
  await schedules.setPaused(probe, { reason: 'release', actor: 'ann' }, startMs)
  await schedules.upsertSchedule(entry('red', { id: 'once', spec: { at: ['2026-11-24T12:30:00Z'] } }), startMs)
  await written()
  const before = await schedules.get(probe)
  await real.redis.flushall()
  clock.nowMs = startMs + 60 * minuteMs
  expect(await refillSchedules({ schedules, clock }, dir)).toEqual([])
  expect(await schedules.get(probe)).toMatchObject({
    ...{ own: before!.own, spec: before!.spec, policy: before!.policy, pause: { reason: 'release', actor: 'ann' } },
  })
  expect((await schedules.get(probe))!.generation).toBeGreaterThanOrEqual(before!.generation)
  expect(await schedules.get({ tenant: 'red', id: 'once' })).not.toHaveProperty('dueMs')
  expect(await refillSchedules({ schedules, clock }, dir)).toEqual([])
})

test('one that does not fit any more is told, and its file stays beside', async () => {
  const { schedules } = await scene()
  await dir.write(
    'default',
    '---\nid: probe\nflow: retired\nspec: {every: 1m}\n---\nid: other\nflow: noop\nspec: {every: 1m}\n',
  )
  expect(await refillSchedules({ schedules, clock }, dir)).toEqual([
    { source: 'schedules/default.yaml', message: expect.stringContaining('no flow "retired"') },
  ])
  expect(await schedules.get({ tenant: 'default', id: 'other' })).toBeDefined()
  expect(await readFile(join(folder, 'schedules', `default.yaml.${startMs}.bak`), 'utf8')).toContain('retired')
})

test('a file that cannot be read stops the refill', async () => {
  const { schedules } = await scene()
  await dir.write('default', '{ id: probe')
  await expect(refillSchedules({ schedules, clock }, dir)).rejects.toMatchObject({ code: 'INVALID_CONFIG' })
})
