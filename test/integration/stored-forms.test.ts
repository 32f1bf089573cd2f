// What a release has stored is read by those after it. `test/fixtures/stored-forms` holds a whole installation for each
// version of the forms: Redis as text, and the folder of exports. When a stored form changes, the first test fails:
//   WRITE_STORED_FORMS=1 npx vitest run test/integration/stored-forms.test.ts
// writes the new version beside the others. Those that a release has written stay for ever; one of between two releases
// may be deleted once the next is written.
import { cpSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { minuteMs } from '../scenarios/world.ts'
import { type DumpedKey, dumpRedis, loadRedis } from './stored-forms/dump.ts'
import { liveIn, outcomesOf, schedules } from './stored-forms/lived-in.ts'
import { shapeOf } from './stored-forms/shape.ts'
import { openSite } from './stored-forms/site.ts'
import { readVersion, versions, writeVersion } from './stored-forms/versions.ts'

async function site() {
  const opened = await openSite()
  onTestFinished(opened.close)
  return opened
}

test('what is stored today has the forms of the newest version', async () => {
  const today = await site()
  await liveIn(today)
  const dumped = await dumpRedis(today.redis)
  if (process.env.WRITE_STORED_FORMS) writeVersion(dumped, today.stateDir)
  const newest = shapeOf(readVersion(versions().at(-1)!).dumped)
  const found = shapeOf(dumped)
  const changes = {
    added: found.filter((line) => !newest.includes(line)),
    gone: newest.filter((line) => !found.includes(line)),
  }
  expect(changes, 'a stored form has changed: add a version, as is said above').toEqual({ added: [], gone: [] })
})

const waiting = 30_000

describe.each(versions())('version %s', (version) => {
  const { dumped, stateDir } = readVersion(version)
  const keysOf = (prefix: string) => dumped.filter(({ key }) => key.startsWith(prefix)).map(({ key }) => key)
  const writtenMs = lastMs(dumped)
  const day = `?from=${new Date(writtenMs - 6 * 3_600_000).toISOString()}&to=${new Date(writtenMs + minuteMs).toISOString()}`

  test('is read, and goes on', async () => {
    const { redis, seed, startScheduler, startWorkers } = await site()
    await seed(writtenMs)
    await loadRedis(redis, dumped)
    // before anything that is over is forgotten
    await everyPayloadIsRead(redis, writtenMs)
    const { api, url } = await startScheduler()

    expect(await api('GET', 'missions')).toMatchObject({ missions: [{ id: 'cpu', document: { notes: 'kept' } }] })
    const listed = await api<{ schedules: { id: string }[] }>('GET', 'schedules')
    const ids = [...Object.keys(schedules), 'buffered', 'cpu.detect', 'cpu.forecast'].sort()
    expect(listed.schedules.map(({ id }) => id)).toEqual(ids)
    expect(await outcomesOf(api, 'often', day)).toContain('run')
    expect(await outcomesOf(api, 'closed', day)).toContain('calendar')

    const runs = keysOf('{at}:run:').filter((key) => !key.endsWith(':log'))
    const states = runs.map(async (key) => {
      const id = key.slice('{at}:run:'.length)
      expect(await api('GET', `runs/${id}/logs`)).toMatchObject({ lines: expect.arrayContaining([expect.anything()]) })
      const run = await api<{ state: string; attempts?: unknown[] }>('GET', `runs/${id}`)
      return run.attempts || run.state === 'cancelled' ? run.state : `${id} has no attempts`
    })
    expect([...new Set(await Promise.all(states))].sort()).toEqual(['cancelled', 'failed', 'succeeded'])

    const forecasts = await api<{ forecasts: { forecastId: string }[] }>('GET', 'forecasts')
    expect(forecasts.forecasts.length).toBeGreaterThan(0)
    for (const { forecastId } of forecasts.forecasts)
      expect(await api('GET', `forecasts/${forecastId}`)).toHaveProperty('series')

    startWorkers()
    const sinceNow = `?from=${new Date().toISOString()}`
    await api('POST', 'backfills/half/resume')
    await vi.waitFor(async () => {
      expect(await api('GET', 'backfills/half')).toMatchObject({ state: 'finished', progress: { failed: 0 } })
      const waited = keysOf('{at}:q:detect:t.default.nightly.')[0]!.slice('{at}:q:detect:'.length)
      expect(await api('GET', `runs/${waited}`)).toMatchObject({ state: 'succeeded' })
      expect(await outcomesOf(api, 'often', sinceNow)).toContain('run')
      expect(await outcomesOf(api, 'closed', sinceNow)).toContain('calendar')
      expect(await api('GET', 'missions/cpu/status')).toMatchObject({ consecutiveFailures: 0 })
    }, waiting)
    expect(await (await fetch(`${url}/metrics`)).text()).not.toMatch(
      /^anomaly_times_unreadable_documents_total\{.*\} [1-9]/m,
    )
  })

  test('is restored from its exports into an empty Redis', async () => {
    const restored = await site()
    cpSync(stateDir, restored.stateDir, { recursive: true })
    const { api } = await restored.startScheduler()
    expect(await api('GET', 'missions/cpu')).toMatchObject({ document: { notes: 'kept', owner: 'ann' } })
    for (const [id, document] of Object.entries(schedules))
      expect(await api('GET', `schedules/${id}`)).toMatchObject({ document })
    expect(await api('GET', 'schedules/rested')).toMatchObject({ pause: { reason: 'for the fixture' } })
    expect(await api('GET', 'calendars/closed')).toMatchObject({ document: { selector: 'team=ops' } })
  })
})

/** T of the newest event: about when the version was written. */
function lastMs(dumped: readonly DumpedKey[]): number {
  const events = dumped.find(({ key }) => key.startsWith('{at}:ev:'))?.cells.at(-1)
  return Number(/\d{13}/.exec(String(events))?.[0])
}

async function everyPayloadIsRead(redis: RedisClient, nowMs: number): Promise<void> {
  const mission = { tenant: 'default', mission: 'cpu' }
  const invalid: string[] = []
  const cache = createForecastCache({ redis, now: () => nowMs, onInvalid: (what) => invalid.push(what) })
  const payloads = await cache.list(mission)
  expect(payloads.length).toBeGreaterThan(0)
  for (const payload of payloads) {
    expect(await cache.identities(mission, payload)).toHaveLength(2)
    const bands = await cache.bands(mission, payload, [payload.startMs])
    expect([...bands.values()].length).toBeGreaterThan(0)
  }
  expect(invalid).toEqual([])
}
