import { expect, test } from 'vitest'
import {
  scheduleProblems,
  scheduleSpec,
  shortestGapMs,
} from '../../../../scheduler/missions/document/schedule-fields.ts'

const nowMs = Date.UTC(2026, 10, 24)
const named = { flow: 'forecast', tenant: 'default', mission: 'cpu', stepMs: 300_000 } as const

test.each([
  { schedule: {}, pointers: [] },
  { schedule: { every: '90s' }, pointers: [] },
  { schedule: { cron: '7 * * * *', timeZone: 'Europe/Berlin' }, pointers: [] },
  { schedule: { every: '1500ms' }, pointers: ['/forecast/every'] },
  { schedule: { every: '1h', phase: '1h' }, pointers: ['/forecast/phase'] },
  { schedule: { every: '500ms', phase: '1s' }, pointers: ['/forecast/every', '/forecast/phase'] },
  { schedule: { cron: '61 * * * *' }, pointers: ['/forecast/cron'] },
  { schedule: { cron: '0 0 30 2 *' }, pointers: ['/forecast/cron'] },
])('$schedule: $pointers', ({ schedule, pointers }) => {
  expect(scheduleProblems('forecast', schedule, nowMs).map(({ pointer }) => pointer)).toEqual(pointers)
})

test.each([
  { schedule: undefined, flow: 'forecast', gapMs: 3_600_000 },
  { schedule: undefined, flow: 'detect', gapMs: 60_000 },
  { schedule: { every: '5m' }, flow: 'detect', gapMs: 300_000 },
  { schedule: { cron: '0,10 * * * *' }, flow: 'forecast', gapMs: 600_000 },
] as const)('the shortest gap of $flow with $schedule is $gapMs ms', ({ schedule, flow, gapMs }) => {
  expect(shortestGapMs(flow, schedule, nowMs)).toBe(gapMs)
})

test('a phase of ours lies on the grid, the same each time, another for each mission', () => {
  const phases = ['a', 'b', 'c', 'd'].map((mission) => {
    const spec = scheduleSpec({ ...named, mission, schedule: undefined })
    return spec.kind === 'every' ? spec.phaseMs : Number.NaN
  })
  expect(phases.map((phase) => phase % 300_000)).toEqual([0, 0, 0, 0])
  expect(new Set(phases).size).toBeGreaterThan(1)
  expect(scheduleSpec({ ...named, schedule: { every: '1h', phase: '7m' } })).toMatchObject({ phaseMs: 420_000 })
})

test('a cron expression without a zone is in UTC', () => {
  expect(scheduleSpec({ ...named, schedule: { cron: '7 * * * *' } })).toEqual({
    ...{ kind: 'cron', cron: '7 * * * *', timeZone: 'UTC' },
  })
})
