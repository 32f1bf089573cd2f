import { expect, test } from 'vitest'
import { createCalendarReader, snapshotOf } from '../../../scheduler/calendars/calendar-reader.ts'
import { storedCalendar } from '../../fakes/calendars.ts'

const inside = Date.parse('2026-11-02T09:15:00Z')

function store() {
  const counts = { asked: 0, read: 0 }
  const held = { revision: 1, calendars: [storedCalendar()] }
  return {
    ...{ counts, held },
    calendars: {
      async revision() {
        counts.asked++
        return held.revision
      },
      async *all() {
        counts.read++
        yield* held.calendars
      },
    },
  }
}

test('calendars are read again when one has changed, and only then', async () => {
  const { calendars, counts, held } = store()
  const reader = createCalendarReader({ calendars })
  for (let i = 0; i < 3; i++) expect((await reader.snapshot()).matching('default')).toHaveLength(1)
  expect(counts).toEqual({ asked: 3, read: 1 })
  Object.assign(held, { revision: 2, calendars: [] })
  expect((await reader.snapshot()).matching('default')).toEqual([])
  expect(counts).toEqual({ asked: 4, read: 2 })
})

test('a calendar that has not changed is the same one, with all that was read of it', async () => {
  const { calendars, held } = store()
  const reader = createCalendarReader({ calendars })
  const [before] = (await reader.snapshot()).matching('default')
  const [first] = held.calendars
  Object.assign(held, { revision: 2, calendars: [first, storedCalendar({ id: 'other' }, { tenant: 'red' })] })
  expect((await reader.snapshot()).matching('default')[0]).toBe(before)
  Object.assign(held, { revision: 3, calendars: [{ ...first, generation: 2 }] })
  expect((await reader.snapshot()).matching('default')[0]).not.toBe(before)
})

test('within its staleness it does not ask at all', async () => {
  const { calendars, counts } = store()
  const reader = createCalendarReader({ calendars, maxStaleMs: 60_000 })
  await Promise.all([reader.snapshot(), reader.snapshot()])
  await reader.snapshot()
  expect(counts).toEqual({ asked: 1, read: 1 })
})

test('a store that fails is asked again', async () => {
  const { calendars } = store()
  let fails = true
  const revision = async () => {
    if (fails) throw new Error('away')
    return calendars.revision()
  }
  const reader = createCalendarReader({ calendars: { ...calendars, revision }, maxStaleMs: 60_000 })
  await expect(reader.snapshot()).rejects.toThrow('away')
  fails = false
  expect((await reader.snapshot()).matching('default')).toHaveLength(1)
})

test('calendars are those of a tenant', () => {
  const snapshot = snapshotOf([storedCalendar(), storedCalendar({ id: 'other' }, { tenant: 'red' })])
  expect(snapshot.matching('default').map(({ id }) => id)).toEqual(['freeze'])
  expect(snapshot.matching('red').map(({ id }) => id)).toEqual(['other'])
  expect(snapshot.matching('blue')).toEqual([])
})

test('one whose windows cannot be told is named and has none', () => {
  const told: string[] = []
  const odd = storedCalendar({ windows: [{ cron: '0 2 * * *', duration: '1h', timeZone: 'Mars/Base' }] })
  const [calendar] = snapshotOf([odd], ({ kind, key, reason }) => told.push(`${kind} ${key} ${reason}`)).matching(
    'default',
  )
  expect(calendar?.at(inside)).toBeUndefined()
  expect(calendar?.within({ fromMs: inside, untilMs: inside + 1 })).toEqual([])
  // it is not asked again at once
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/^calendar default\/freeze .*Mars\/Base/)
})
