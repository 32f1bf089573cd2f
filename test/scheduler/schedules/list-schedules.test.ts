import { expect, test } from 'vitest'
import type { ScheduleDocument } from '../../../scheduler/schedules/document.ts'
import { listSchedules, type ScheduleFilter, stateOf } from '../../../scheduler/schedules/list-schedules.ts'
import type { StoredSchedule } from '../../../scheduler/store/ticks/stored-schedule.ts'
import { storedSchedule } from '../../fakes/schedules.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')

const own = (id: string, labels: Record<string, string> = {}, owner?: string): StoredSchedule => {
  const document: ScheduleDocument = {
    ...{ id, flow: 'noop', spec: { every: '1h' }, labels },
    ...(owner !== undefined && { owner }),
  }
  return storedSchedule({ id, mission: '', own: document, dueMs: nowMs + 1_000 })
}
const all = [
  storedSchedule({ id: 'cpu.detect', dueMs: nowMs, labels: { team: 'sre' } }),
  storedSchedule({ id: 'cpu.forecast', flow: 'forecast', pause: { reason: '', sinceMs: 0 } }),
  own('a-red', { team: 'red' }),
  own('b-blue', { team: 'blue' }),
  own('c-none', {}, 'sre'),
]

/** Pages of at most two, as a store would give them. */
const store = {
  async list(_: string, { limit, cursor = '0' }: { limit: number; cursor?: string }) {
    const end = Number(cursor) + Math.min(limit, 2)
    return { schedules: all.slice(Number(cursor), end), ...(end < all.length && { cursor: `${end}` }) }
  },
}
const ids = async (filter: Partial<ScheduleFilter>) => {
  const page = await listSchedules(store, { tenant: 'default', filter: { limit: 10, ...filter }, nowMs })
  return page.schedules.map(({ id }) => id)
}

test.each<{ filter: Partial<ScheduleFilter>; found: string[] }>([
  { filter: {}, found: ['cpu.detect', 'cpu.forecast', 'a-red', 'b-blue', 'c-none'] },
  { filter: { flow: 'noop' }, found: ['a-red', 'b-blue', 'c-none'] },
  { filter: { flow: 'detect' }, found: ['cpu.detect'] },
  { filter: { mission: 'cpu' }, found: ['cpu.detect', 'cpu.forecast'] },
  { filter: { owner: 'sre' }, found: ['c-none'] },
  { filter: { q: 'c' }, found: ['cpu.detect', 'cpu.forecast', 'c-none'] },
  { filter: { state: 'paused' }, found: ['cpu.forecast'] },
  { filter: { labels: [{ name: 'team', value: 'red', isEqual: true }] }, found: ['a-red'] },
  { filter: { labels: [{ name: 'team', value: 'sre', isEqual: true }] }, found: ['cpu.detect'] },
  {
    filter: { flow: 'noop', labels: [{ name: 'team', value: 'red', isEqual: false }] },
    found: ['b-blue', 'c-none'],
  },
])('$filter finds $found', async ({ filter, found }) => {
  expect(await ids(filter)).toEqual(found)
})

test('a page that is full has a cursor to go on from', async () => {
  const { cursor } = await listSchedules(store, { tenant: 'default', filter: { limit: 2 }, nowMs })
  expect(await ids({ cursor: cursor! })).toEqual(['a-red', 'b-blue', 'c-none'])
})

test.each([
  { changes: { dueMs: nowMs - 60_000 }, state: 'active' },
  { changes: { dueMs: nowMs - 60_001 }, state: 'overdue' },
  { changes: {}, state: 'finished' },
  { changes: { pause: { reason: '', sinceMs: 0 } }, state: 'paused' },
  { changes: { dueMs: nowMs, pause: { reason: '', sinceMs: 0, untilMs: nowMs } }, state: 'active' },
])('$changes is $state', ({ changes, state }) => {
  expect(stateOf(storedSchedule(changes), nowMs)).toBe(state)
})
