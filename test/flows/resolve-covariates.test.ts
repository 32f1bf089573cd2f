import { expect, test } from 'vitest'
import { resolveCovariates } from '../../flows/resolve-covariates.ts'

test('what is not said has a default', () => {
  expect(resolveCovariates({ queries: [{ name: 'load', query: 'load' }] })).toEqual({
    queries: [{ name: 'load', query: 'load', kind: 'past' }],
    ...{ calendar: [], timeZone: undefined, holidays: undefined, events: [] },
  })
})

test('events without a zone are meant by the clock of timeZone', () => {
  const events = [
    { name: 'sale', start: '2026-11-27', end: '2026-11-30T08:00' },
    { name: 'sale', start: '2026-07-01T00:00:00Z', end: '2026-07-01T12:00:00+02:00' },
    { name: 'backup', cron: '0 2 * * *', duration: '90m' },
  ]
  expect(resolveCovariates({ timeZone: 'Europe/Berlin', events }).events).toEqual([
    { name: 'sale', startMs: Date.parse('2026-11-26T23:00:00Z'), endMs: Date.parse('2026-11-30T07:00:00Z') },
    { name: 'sale', startMs: Date.parse('2026-07-01T00:00:00Z'), endMs: Date.parse('2026-07-01T10:00:00Z') },
    { name: 'backup', cron: '0 2 * * *', durationMs: 5_400_000 },
  ])
})
