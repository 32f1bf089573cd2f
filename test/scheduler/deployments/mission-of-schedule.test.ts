import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import {
  blamePosted,
  isOfDeployments,
  missionIdOf,
  withHalf,
  writtenParameters,
  writtenSchedule,
} from '../../../scheduler/deployments/mission-of-schedule.ts'
import type { PostedSchedule } from '../../../scheduler/deployments/schedule-body.ts'
import { missionDocument } from '../../../scheduler/missions/document/document.ts'

const promql = 'rate(http_requests_total[5m])'
const hourly: PostedSchedule = { schedule: { cron: '0 * * * *' }, parameters: { promql, model_type: 'lgbm' } }
const minutely: PostedSchedule = { schedule: { interval: 60 }, parameters: { promql } }
const installed = ['auto']
const forecast = { flow: 'forecast', posted: hourly, installed } as const
const detect = { flow: 'detect', posted: minutely, installed } as const

test('the two halves make the same mission in either order, and it is one that is taken', () => {
  const document = withHalf(withHalf(undefined, forecast), detect)
  expect(withHalf(withHalf(undefined, detect), forecast)).toEqual(document)
  expect(missionDocument.parse(document)).toEqual({
    id: missionIdOf({ promql }),
    ...{ query: promql, model: 'auto', labels: { created_by: 'deployments' } },
    ...{ forecast: { cron: '0 * * * *' }, detect: { every: '1m' } },
  })
  expect(isOfDeployments(document)).toBe(true)
  expect(isOfDeployments({ labels: {} })).toBe(false)
})

test('what the mission had beside stays: labels, policies, settings', () => {
  const before = { ...withHalf(undefined, forecast), notes: 'mine', horizon: '6h', labels: { team: 'a' } }
  const policy = { maxAttempts: 2 }
  const after = withHalf({ ...before, detect: { every: '5m', policy } }, detect)
  expect(after).toMatchObject({ notes: 'mine', horizon: '6h', labels: { team: 'a', created_by: 'deployments' } })
  expect(after.detect).toEqual({ every: '1m', policy })
})

test.each([
  [undefined, undefined],
  [false, true],
  [true, false],
])('active: %s is paused: %s', (active, paused) => {
  expect(
    withHalf(undefined, { ...detect, posted: { ...minutely, ...(active !== undefined && { active }) } }).paused,
  ).toBe(paused)
})

test('ids are short, readable where they can be, and differ where query or datasource do', () => {
  expect(missionIdOf({ promql })).toMatch(/^rate-http-requests-total-5m-[0-9a-f]{12}$/)
  expect(missionIdOf({ promql: '"µ" + 1' })).toMatch(/^1-[0-9a-f]{12}$/)
  expect(missionIdOf({ promql: '()' })).toMatch(/^[0-9a-f]{12}$/)
  const ids = [missionIdOf({ promql }), missionIdOf({ promql, datasource: 'b' }), missionIdOf({ promql: `${promql} ` })]
  expect(new Set(ids).size).toBe(3)
  for (const long of ['a'.repeat(16_000), `${'-'.repeat(47)}a b`])
    expect(missionIdOf({ promql: long })).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/)
})

test.each([
  { cron: '0 3 * * *', timezone: 'Europe/Berlin' },
  { interval: 5_400, timezone: 'UTC' },
  { interval: 3_600, timezone: 'UTC', anchor_date: '1970-01-01T00:05:00.000Z' },
] as const)('%j is shown as it was posted', (schedule) => {
  const { forecast: kept } = withHalf(undefined, { ...forecast, posted: { ...hourly, schedule } })
  expect(writtenSchedule(kept ?? {})).toEqual(schedule)
})

test('an anchor before 1970 counts as well', () => {
  const schedule = { interval: 3_600, anchor_date: '1969-12-31T23:10:00Z' }
  expect(withHalf(undefined, { ...forecast, posted: { ...hourly, schedule } }).forecast).toEqual({
    every: '1h',
    phase: '10m',
  })
})

test('parameters are shown by the names that they were posted by', () => {
  const posted = { ...hourly, parameters: { promql, model_type: 'auto', step: '1m', direction: 'above' as const } }
  expect(writtenParameters(withHalf(undefined, { ...forecast, posted }))).toEqual(posted.parameters)
})

test('what is wrong with the mission is said of the fields that were posted', () => {
  const pointers = ['/query', '/model', '/forecast/every', '/forecast/cron', '/forecast', '/horizon', '/parameters/x']
  const error = new AppError('INVALID_PARAMS', 'm', {
    problems: pointers.map((pointer) => ({ pointer, detail: 'no' })),
  })
  expect(blamePosted(error, 'forecast', '/3').problems.map(({ pointer }) => pointer)).toEqual([
    ...['/3/parameters/promql', '/3/parameters/model_type', '/3/schedule/interval', '/3/schedule/cron', '/3/schedule'],
    ...['/3/parameters/horizon', '/3/parameters/x'],
  ])
  const other = new AppError('REDIS_UNAVAILABLE', 'gone')
  expect(blamePosted(other, 'forecast')).toBe(other)
})
