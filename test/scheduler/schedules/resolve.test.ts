import { expect, test } from 'vitest'
import { type ScheduleDocument, scheduleDocument } from '../../../scheduler/schedules/document.ts'
import { resolveSchedule } from '../../../scheduler/schedules/resolve.ts'

const nowMs = Date.parse('2026-11-24T12:00:00Z')
const resolve = (document: object) =>
  resolveSchedule('red', scheduleDocument.parse({ id: 'nightly', flow: 'noop', ...document }) as ScheduleDocument, {
    nowMs,
  })

test('an interval gets a phase and the policies of its pool', () => {
  const { spec, policy, ...entry } = resolve({ spec: { every: '5m' } })
  expect(entry).toMatchObject({ tenant: 'red', id: 'nightly', mission: '', flow: 'detect', bandKey: '' })
  expect(spec).toMatchObject({ kind: 'every', everyMs: 300_000 })
  expect(spec).toEqual(resolve({ spec: { every: '5m' } }).spec)
  expect(policy).toMatchObject({ overlap: 'skip', catchUp: 'latest', maxAttempts: 3, maxCatchUpTicks: 100 })
  expect(policy).not.toHaveProperty('pauseAfterFailures')
})

test('a list is sorted, every instant once; bounds and exclusions become instants', () => {
  const at = ['2026-12-24T12:00:00+01:00', '2026-12-01T00:00:00Z', '2026-12-24T11:00:00Z']
  const exclude = [{ from: '2026-12-24T00:00:00Z', to: '2026-12-25T00:00:00Z' }]
  const { spec } = resolve({ spec: { at, start: '2026-11-30T00:00:00Z', end: '2027-01-01T00:00:00Z', exclude } })
  expect(spec).toEqual({
    kind: 'at',
    atMs: [Date.parse('2026-12-01T00:00:00Z'), Date.parse('2026-12-24T11:00:00Z')],
    startMs: Date.parse('2026-11-30T00:00:00Z'),
    endMs: Date.parse('2027-01-01T00:00:00Z'),
    exclude: [{ fromMs: Date.parse(exclude[0]!.from), untilMs: Date.parse(exclude[0]!.to) }],
  })
})

test('what is written about policies counts', () => {
  const policy = { overlap: 'allow', catchUp: 'all', maxCatchUpTicks: 7, backoff: '3s', startSpread: '0s' }
  expect(resolve({ spec: { cron: '0 6 * * *' }, policy: { ...policy, pauseAfterFailures: 4 } }).policy).toMatchObject({
    ...{ overlap: 'allow', catchUp: 'all', maxCatchUpTicks: 7, backoffMs: 3_000, startSpreadMs: 0 },
    pauseAfterFailures: 4,
  })
})

test.each([
  { document: { spec: { every: '1500ms' } }, problem: '/spec/every', what: 'half seconds' },
  { document: { spec: { every: '367d' } }, problem: '/spec/every', what: 'more than a year' },
  { document: { spec: { every: '5m', phase: '5m' } }, problem: '/spec/phase', what: 'a phase as long as the interval' },
  { document: { spec: { cron: '0 0 31 2 *' } }, problem: '/spec/cron', what: 'the 31st of February' },
  { document: { spec: { cron: '0 6 * * *', timeZone: 'Mars/Olympus' } }, problem: '/spec/cron', what: 'no zone' },
  { document: { spec: { at: ['2020-01-01T00:00:00Z'] } }, problem: '/spec', what: 'a list that is over' },
  { document: { spec: { every: '1h', end: '2026-11-24T11:00:00Z' } }, problem: '/spec', what: 'an end that was' },
  {
    document: { spec: { every: '1h', start: '2027-01-02T00:00:00Z', end: '2027-01-01T00:00:00Z' } },
    problem: '/spec/end',
    what: 'an end before the start',
  },
  {
    document: { spec: { every: '1h', exclude: [{ from: '2027-01-02T00:00:00Z', to: '2027-01-02T00:00:00Z' }] } },
    problem: '/spec/exclude/0/to',
    what: 'an empty exclusion',
  },
  { document: { flow: 'nop', spec: { every: '1h' } }, problem: '/flow', what: 'an unknown flow' },
  { document: { flow: 'detect', params: {}, spec: { every: '1h' } }, problem: '/params/mission', what: 'no mission' },
  { document: { params: { a: 1 }, spec: { every: '1h' } }, problem: '/params', what: 'a parameter too many' },
  { document: { id: 'cpu.detect', spec: { every: '1h' } }, problem: '/id', what: "a mission's name" },
])('refuses $what at $problem', ({ document, problem }) => {
  expect(() => resolve(document)).toThrow(
    expect.objectContaining({
      code: 'INVALID_PARAMS',
      problems: [expect.objectContaining({ pointer: expect.stringContaining(problem) })],
    }),
  )
})

test('all that is wrong is named at once', () => {
  expect(() => resolve({ flow: 'forecats', spec: { every: '1ms', phase: '2s' } })).toThrow(
    'schedule nightly: flow: no flow "forecats": use forecast, detect, forecast-once, noop; did you mean "forecast"?; spec.every: use whole seconds, at least 1s; spec.phase: 2s is not below the interval',
  )
})
