import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCalendarReader } from '../../scheduler/calendars/calendar-reader.ts'
import { createCalendarExport, refillCalendars } from '../../scheduler/calendars/export-calendars.ts'
import { createCalendarService } from '../../scheduler/calendars/service.ts'
import { refillMissions } from '../../scheduler/missions/export/refill.ts'
import { openStateDir, type StateDir } from '../../scheduler/missions/export/state-dir.ts'
import { createCalendarStore } from '../../scheduler/store/calendars/calendar-store.ts'
import { createInstallation } from '../../scheduler/store/installation.ts'
import { calendarOf } from '../fakes/calendars.ts'
import { minuteMs } from '../fakes/schedules.ts'
import { missionStage } from './mission-stage.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const stage = missionStage(real)
const startMs = Date.parse('2026-11-02T09:00:00Z')
const clock = { nowMs: startMs, now: () => clock.nowMs }
let folder: string
let dir: StateDir

beforeEach(async () => {
  clock.nowMs = startMs
  folder = await mkdtemp(join(tmpdir(), 'calendar-export-'))
  dir = openStateDir(folder, 'calendars')
})
afterEach(() => rm(folder, { recursive: true }))

async function scene() {
  const calendars = createCalendarStore(real.redis)
  const reader = createCalendarReader({ calendars })
  const installation = createInstallation(real.redis)
  await installation.found('one')
  const exporter = createCalendarExport({ calendars, installation, dir, clock })
  return {
    ...{ calendars, reader, installation, service: createCalendarService({ calendars, reader, clock }) },
    written: async () => {
      clock.nowMs += minuteMs
      return exporter.poll()
    },
    text: (tenant: string) => readFile(join(folder, 'calendars', `${tenant}.yaml`), 'utf8'),
  }
}

const key = { tenant: 'default', id: 'freeze' }

test('calendars are written after every change', async () => {
  const { service, written, text } = await scene()
  expect(await written()).toBe('written')
  await service.put('default', calendarOf(), {})
  expect(await written()).toBe('written')
  expect(await text('default')).toMatch(
    /^# Calendars of tenant default, .*\n---\n# anomaly-times: .*\nid: freeze\nselector: "\*"\neffect: noRun\n/,
  )
  await service.put('default', calendarOf(), {})
  expect(await written()).toBe('unchanged')
  await service.put('default', calendarOf({ notes: 'release' }), {})
  expect(await written()).toBe('written')
  await service.remove(key, {})
  expect(await written()).toBe('written')
  await expect(text('default')).rejects.toThrow('ENOENT')
})

test('an empty Redis gets them back with generation and creation time, and readers see it', async () => {
  const { service, reader, calendars, written } = await scene()
  await service.put('default', calendarOf(), {})
  await service.put('default', calendarOf({ notes: 'release' }), {})
  await service.put('red', calendarOf({ id: 'red' }), {})
  await written()
  const before = await calendars.get(key)
  expect((await reader.snapshot()).matching('default')).toHaveLength(1)
  await real.redis.flushall()
  expect((await reader.snapshot()).matching('default')).toEqual([])
  clock.nowMs += 60 * minuteMs
  expect(await refillCalendars({ calendars, clock }, dir)).toEqual([])
  expect(await calendars.get(key)).toEqual({ ...before, updatedMs: clock.nowMs })
  expect((await reader.snapshot()).matching('red').map(({ id }) => id)).toEqual(['red'])
  expect(await refillCalendars({ calendars, clock }, dir)).toEqual([])
})

test('they are there before any mission is', async () => {
  const { service, calendars, written, installation } = await scene()
  await service.put('default', calendarOf(), {})
  await written()
  const state = openStateDir(folder)
  await state.write('default', '---\nid: cpu\nquery: up\n')
  await real.redis.flushall()
  const seen: unknown[] = []
  const missions = {
    ...stage.deps.missions,
    replace: async (change: Parameters<typeof stage.deps.missions.replace>[0]) => {
      seen.push((await calendars.get(key))?.id)
      return stage.deps.missions.replace(change)
    },
  }
  const sources = { state, calendars: () => refillCalendars({ calendars, clock }, dir) }
  expect(await refillMissions({ ...stage.deps, missions }, installation, sources)).toMatchObject({ restored: 1 })
  expect(seen).toEqual(['freeze'])
})

test('one that does not fit any more is told, and its file stays beside', async () => {
  const { calendars } = await scene()
  const other = 'id: other\nselector: "*"\neffect: mask\nwindows: [{cron: 0 2 * * *, duration: 1h}]\n'
  await dir.write('default', `---\nid: odd\nselector: "*"\neffect: silence\n---\n${other}`)
  expect(await refillCalendars({ calendars, clock }, dir)).toEqual([
    { source: 'calendars/default.yaml', message: expect.stringContaining('calendar odd: effect: ') },
  ])
  expect(await calendars.get({ tenant: 'default', id: 'other' })).toBeDefined()
  expect(await readFile(join(folder, 'calendars', `default.yaml.${startMs}.bak`), 'utf8')).toContain('silence')
})
