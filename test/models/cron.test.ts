import { expect, test } from 'vitest'
import { cronProblem } from '../../models/cron.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')

test.each(['* * * * *', '*/10 * * * * *', '@hourly', '0 9 * * MON-FRI', '0 0 L * *', '0 0 29 2 *'])(
  'takes %s',
  (cron) => {
    expect(cronProblem({ cron, timeZone: 'Europe/Berlin' }, nowMs)).toBeUndefined()
  },
)

test.each([
  { cron: '* * * *', timeZone: 'UTC', problem: /"\* \* \* \*" is no cron expression: .*five, six, or seven/ },
  { cron: '61 * * * *', timeZone: 'UTC', problem: /minute: 61/ },
  { cron: '0 0 31 2 *', timeZone: 'UTC', problem: /never due again/ },
  { cron: '0 0 0 1 1 * 2020', timeZone: 'UTC', problem: /never due again/ },
  { cron: '2027-01-01T00:00:00', timeZone: 'UTC', problem: /is a date/ },
  { cron: '? * * * *', timeZone: 'UTC', problem: /holds \?/ },
  { cron: '@reboot', timeZone: 'UTC', problem: /@reboot/ },
  { cron: '* * * * *', timeZone: 'Mars/Olympus', problem: /"Mars\/Olympus" is no IANA time zone/ },
])('refuses $cron in $timeZone', ({ cron, timeZone, problem }) => {
  expect(cronProblem({ cron, timeZone }, nowMs)).toMatch(problem)
})
