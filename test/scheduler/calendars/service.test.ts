import { expect, test } from 'vitest'
import { calendarOf } from '../../fakes/calendars.ts'
import { fakeCalendarService } from '../../fakes/fake-calendar-service.ts'

const nowMs = Date.parse('2026-11-25T18:00:00Z')

test('a tenant has a thousand calendars at most; those that are there can still change', async () => {
  const calendars = fakeCalendarService(() => nowMs)
  const put = (tenant: string, id: string, notes = '') => calendars.put(tenant, calendarOf({ id, notes }), {})
  for (let i = 0; i < 1_000; i++) await put('default', `c${i}`)
  await expect(put('default', 'one-more')).rejects.toMatchObject({
    code: 'INVALID_PARAMS',
    message: expect.stringContaining('has 1000 calendars'),
  })
  expect((await put('default', 'c7', 'changed')).outcome).toBe('updated')
  expect((await put('red', 'one-more')).outcome).toBe('created')
})
