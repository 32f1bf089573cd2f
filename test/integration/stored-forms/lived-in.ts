import { expect, vi } from 'vitest'
import { hourMs } from '../../scenarios/world.ts'
import type { Site } from './site.ts'

// who reads this years later makes up for two days of ticks first
const noop = { flow: 'noop', spec: { every: '5s', phase: '0s' }, policy: { startSpread: '0s' } }

/** Of each kind one, by id. */
export const schedules = {
  often: { ...noop, labels: { team: 'sre' }, owner: 'ann', notes: 'shows that ticks become runs' },
  closed: { ...noop, labels: { team: 'ops' } },
  rested: noop,
  nightly: {
    ...{ flow: 'noop', policy: { pauseAfterFailures: 3, catchUp: 'all', overlap: 'allow' } },
    spec: {
      ...{ cron: '0 30 2 * * *', timeZone: 'Europe/Berlin', dst: 'skip', start: '2026-01-01T00:00:00Z' },
      exclude: [{ from: '2026-12-24T00:00:00Z', to: '2026-12-27T00:00:00Z' }],
    },
  },
  twice: { flow: 'noop', spec: { at: ['2099-01-01T00:00:00Z', '2099-06-01T00:00:00Z'] } },
  again: { flow: 'forecast', params: { mission: 'cpu', recompute: true }, spec: { every: '6h' } },
  adhoc: { flow: 'forecast-once', params: { query: 'cpu', step: '5m', predictionLength: 3 }, spec: { every: '6h' } },
}

const mission = {
  ...{ query: 'cpu', datasource: 'main', model: 'seasonal-naive', labels: { team: 'sre' }, owner: 'ann' },
  ...{ forecast: { every: '12h', phase: '0s' }, detect: { every: '1m' }, horizon: '13h', notes: 'kept' },
}

const closed = {
  ...{ selector: 'team=ops', effect: 'noRun', notes: 'as long as the fixture is read' },
  windows: [{ from: '2026-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }],
}

interface Run {
  readonly id: string
  readonly state: string
}

/** Lives in a site until it holds something of each stored form, then stops it with runs that wait for a worker. */
export async function liveIn(site: Site): Promise<void> {
  const nowMs = Date.now()
  await site.seed(nowMs)
  const { api } = await site.startScheduler()
  const workers = site.startWorkers()
  const ended = (id: string, state = 'succeeded') =>
    vi.waitFor(async () => expect((await api<Run>('GET', `runs/${id}`)).state).toBe(state), waiting)
  const trigger = async (path: string, body: object = {}) =>
    (await api<{ runId: string }>('POST', `${path}/trigger`, body)).runId

  await api('PUT', 'calendars/closed', closed)
  await api('PUT', 'calendars/holidays', { selector: '*', effect: 'mask', ical: { text: icalText } })
  await api('PUT', 'missions/cpu', mission)
  for (const [id, schedule] of Object.entries(schedules)) await api('PUT', `schedules/${id}`, schedule)
  await api('POST', 'schedules/rested/pause', { reason: 'for the fixture' })
  await ended(await trigger('schedules/again'))
  await ended(await trigger('schedules/adhoc'))
  await ended(await trigger('missions/cpu', { flow: 'detect' }))
  await ended(
    await trigger('schedules/again', { params: { mission: 'missing' }, nominal: at(nowMs - hourMs) }),
    'failed',
  )
  await api('POST', 'forecasts', { query: 'cpu', step: '5m', predictionLength: 3 })
  const range = { from: at(nowMs - 72 * hourMs), to: at(nowMs - 24 * hourMs) }
  await api('POST', 'backfills', { id: 'half', mission: 'cpu', maxActive: 1, ...range })
  await backfillIs(api, ({ done }) => done > 0)
  await api('POST', 'backfills/half/pause', { reason: 'for the fixture' })
  await backfillIs(api, ({ active }) => active === 0)
  await vi.waitFor(async () => expect(await outcomesOf(api, 'closed')).toContain('calendar'), waiting)
  await vi.waitFor(async () => expect(await outcomesOf(api, 'often')).toContain('run'), waiting)
  await vi.waitFor(async () => expect(await site.redis.hlen('{at}:mark:default:cpu')).toBeGreaterThan(0), waiting)

  await workers.stop()
  await api('POST', 'backfills/half/resume')
  await backfillIs(api, ({ active }) => active > 0)
  await api('POST', 'backfills/half/pause', { reason: 'for the fixture' })
  const cancelled = await trigger('schedules/nightly', { nominal: at(nowMs - hourMs) })
  await api('POST', `runs/${cancelled}/cancel`, { reason: 'for the fixture' })
  await trigger('schedules/nightly', { nominal: at(nowMs) })
  const everySecond = { every: '1s', phase: '0s', end: at(nowMs + hourMs) }
  await api('PUT', 'schedules/buffered', {
    ...noop,
    spec: everySecond,
    policy: { ...noop.policy, overlap: 'bufferLatest' },
  })
  await vi.waitFor(async () => expect(await outcomesOf(api, 'buffered')).toContain('coalesced'), waiting)
  // an export follows its change within seconds
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await site.stop()
}

const waiting = 30_000
const at = (ms: number) => new Date(ms).toISOString()

const icalText = [
  ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'BEGIN:VEVENT', 'UID:1', 'DTSTART;VALUE=DATE:20261225'],
  ...['DTEND;VALUE=DATE:20261226', 'END:VEVENT', 'END:VCALENDAR'],
].join('\r\n')

type Call = <T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<T>

interface Backfill {
  readonly progress: { readonly done: number; readonly active: number }
}

const backfillIs = (api: Call, holds: (progress: Backfill['progress']) => boolean) =>
  vi.waitFor(async () => {
    const { progress } = await api<Backfill>('GET', 'backfills/half')
    expect(progress).toSatisfy(holds)
  }, waiting)

export async function outcomesOf(api: Call, id: string, query = ''): Promise<string[]> {
  const { ticks } = await api<{ ticks: { outcome: string }[] }>('GET', `schedules/${id}/ticks${query}`)
  return ticks.map(({ outcome }) => outcome)
}
