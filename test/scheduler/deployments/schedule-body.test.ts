import { expect, test } from 'vitest'
import { asScheduleList, postedSchedules } from '../../../scheduler/deployments/schedule-body.ts'

const parameters = { promql: 'up' }
const messagesOf = (body: unknown) =>
  postedSchedules.safeParse(asScheduleList(body)).error?.issues.map(({ path, message }) => [path.join('/'), message])

test.each([
  { schedule: { cron: '0 * * * *', timezone: 'Europe/Berlin', day_or: true }, parameters, slug: 'mine' },
  { schedule: { interval: 60, anchor_date: '2020-01-01T00:00:00Z', timezone: 'UTC' }, active: false, parameters },
  { cron: '* * * * *', parameters },
  { interval: 3_600, parameters },
  [{ interval: 3_600, parameters }],
])('takes %j', (body) => {
  expect(messagesOf(body)).toBeUndefined()
})

test('cron or interval beside the parameters are the same as in a schedule', () => {
  const beside = { cron: '* * * * *', timezone: 'UTC', parameters }
  expect(asScheduleList(beside)).toEqual([{ schedule: { cron: '* * * * *', timezone: 'UTC' }, parameters }])
})

test.each([
  [{ parameters }, '0/schedule', 'give cron, or interval in seconds'],
  [{ cron: '* * * * *', interval: 60, parameters }, '0/schedule', 'give cron, or interval in seconds'],
  [{ interval: 60, timezone: 'Europe/Berlin', parameters }, '0/schedule/timezone', 'intervals are counted in UTC'],
  [
    { cron: '* * * * *', anchor_date: '2020-01-01T00:00:00Z', parameters },
    '0/schedule/anchor_date',
    'belongs to interval',
  ],
  [{ cron: '* * * * *', day_or: false, parameters }, '0/schedule/day_or', expect.stringContaining('joined by "or"')],
  [{ cron: '* * * * *', parameters: { promql: ' ' } }, '0/parameters/promql', 'is empty'],
  [{ schedule: { rrule: 'FREQ=DAILY' }, parameters }, '0/schedule', expect.stringContaining('rrule')],
  [[], '', expect.stringContaining('>=1')],
  ['hello', '0', expect.stringContaining('expected object')],
])('refuses %j at %s', (body, path, message) => {
  expect(messagesOf(body)).toContainEqual([path, message])
})
