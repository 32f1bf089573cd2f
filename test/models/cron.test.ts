import { Cron } from 'croner'
import { expect, test, vi } from 'vitest'
import { cronNext, cronPrevious, cronProblem } from '../../models/cron.ts'

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

const timeZone = 'Europe/Berlin'
const forward = Date.parse('2027-03-28T01:00:00Z')

test.each([
  { cron: '* * 2 * 3 SUN#L 2026-3000', dst: 'skip' },
  { cron: '* * 2 * 3 SUN#L', dst: 'shift' },
  { cron: '0 30 2 * 3 SUN#L', dst: 'skip' },
] as const)('$cron with $dst never comes: the clocks leave out every time', ({ cron, dst }) => {
  const spec = { cron, dst, timeZone }
  const next = vi.spyOn(Cron.prototype, 'nextRun')
  // one gap of 3,600 seconds at most: the engine alone walks through those of every year
  const walk = vi.spyOn(Cron.prototype as unknown as { _runAt(): unknown }, '_runAt')
  try {
    expect(cronProblem(spec, nowMs)).toMatch(/never due again until 2100: the clocks of Europe\/Berlin leave out/)
    // until 1980 the clocks went forward in April
    expect(cronPrevious(spec, nowMs) ?? 0).toBeLessThan(Date.parse('1981-01-01T00:00:00Z'))
    expect(next.mock.calls.length).toBeLessThan(300)
    expect(walk.mock.calls.length).toBeLessThan(4_000)
  } finally {
    vi.restoreAllMocks()
  }
})

test.each(['* * * * * *', '*/1 * * * * *'])('%s passes over the hour that is left out, both ways', (cron) => {
  const spec = { cron, timeZone, dst: 'skip' } as const
  expect(cronNext(spec, forward - 1_000)).toBe(forward)
  expect(cronPrevious(spec, forward - 1)).toBe(forward - 1_000)
})

test('a day of the week that is seldom the day of the change comes in other years', () => {
  const spec = { cron: '0 * 2 28 3 *', timeZone }
  expect(cronNext(spec, Date.parse('2026-11-25T12:00:00Z'))).toBe(Date.parse('2028-03-28T00:00:00Z'))
  expect(cronPrevious(spec, Date.parse('2027-11-25T12:00:00Z'))).toBe(Date.parse('2026-03-28T01:59:00Z'))
})

test('a time that comes twice is asked for before, within and after', () => {
  const spec = { cron: '*/30 2 * * *', timeZone }
  const at = (text: string) => Date.parse(`2026-10-${text}:00Z`)
  expect(cronNext(spec, at('25T00:30'))).toBe(at('25T01:00'))
  expect(cronPrevious(spec, at('25T00:59'))).toBe(at('25T00:30'))
  expect(cronPrevious(spec, at('25T01:00'))).toBe(at('25T01:00'))
  expect(cronNext(spec, at('25T01:30'))).toBe(at('26T01:00'))
})

test.each(['0 0 0 30 2 * 2026-9999', '0 0 0 1 1 * 9999'])('%s lies beyond what is looked at', (cron) => {
  expect(cronProblem({ cron, timeZone }, nowMs)).toMatch(/never due again/)
})
