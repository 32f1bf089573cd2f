import { describe, expect, test } from 'vitest'
import { type MissionDocument, missionDocument } from '../../../scheduler/missions/document/document.ts'
import { resolveMission } from '../../../scheduler/missions/document/resolve.ts'
import type { MissionSettings } from '../../../scheduler/missions/document/resolved.ts'
import { firstRuns, registrationRuns, registrationTicks, triggeredRun } from '../../../scheduler/missions/first-runs.ts'
import * as edits from '../../../scheduler/missions/mission-edits.ts'
import type { StoredMission } from '../../../scheduler/store/missions/stored-mission.ts'

const minuteMs = 60_000
const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`)
const settings: MissionSettings = {
  datasource: (_, name = 'vm') => ({
    name,
    kind: 'victoriametrics',
    evalDelayMs: 30_000,
    maxSeries: 10_000,
    futureWrites: 'auto',
  }),
  defaults: { model: 'seasonal-naive', fallback: 'seasonal-naive', maxSeries: 10_000 },
  models: ['seasonal-naive'],
}
const onTheHour = { forecast: { every: '1h', phase: '0s' } }
const parse = (fields: object): MissionDocument =>
  missionDocument.parse({ id: 'cpu', query: 'up', ...onTheHour, ...fields })
const createdMs = at('12:20:00')
const resolve = (fields: object) =>
  resolveMission({ tenant: 'default', document: parse(fields), createdMs }, settings, createdMs)
const create = (fields: object = {}) =>
  edits.createdMission('default', {
    document: parse(fields),
    resolved: resolve(fields),
    actor: 'ann',
    nowMs: createdMs,
    createdMs,
  })
const edit = (stored: StoredMission, fields: object, nowMs = at('13:30:00')) =>
  edits.editedMission(stored, { document: parse(fields), resolved: resolve(fields), actor: 'ben', nowMs })

test('a new mission owns from the beginning and is its own scope', () => {
  const mission = create()
  expect(mission).toMatchObject({ generation: 1, createdMs, updatedMs: createdMs, scopeSinceMs: createdMs })
  expect(mission.forecastEras).toHaveLength(1)
  expect(mission.pause).toBeUndefined()
  expect(edits.firstScorableMs(mission)).toBe(at('12:10:00'))
})

describe('an edit of', () => {
  test.each([
    { name: 'notes', fields: { notes: 'x' }, band: false, scope: false, eras: 1, first: false },
    { name: 'direction', fields: { direction: 'above' }, band: false, scope: false, eras: 1, first: false },
    { name: 'detection', fields: { detect: { every: '5m' } }, band: false, scope: false, eras: 1, first: false },
    { name: 'sensitivity', fields: { sensitivity: 'high' }, band: true, scope: false, eras: 1, first: true },
    { name: 'query', fields: { query: 'up == 1' }, band: true, scope: true, eras: 1, first: true },
    { name: 'step', fields: { step: '1m' }, band: true, scope: true, eras: 2, first: true },
    {
      name: 'schedule',
      fields: { forecast: { every: '30m', phase: '0s' } },
      band: false,
      scope: false,
      eras: 2,
      first: true,
    },
    { name: 'gap', fields: { forecast: { every: '6h', phase: '0s' } }, band: true, scope: false, eras: 2, first: true },
  ])('$name: another band $band, another scope $scope, $eras eras, first runs $first', (wanted) => {
    const before = create()
    const after = edit(before, wanted.fields)
    expect(after).toMatchObject({ generation: 2, createdMs, updatedMs: at('13:30:00') })
    expect(after.bandKey !== before.bandKey).toBe(wanted.band)
    expect(after.scopeSinceMs).toBe(wanted.scope ? at('13:30:00') : createdMs)
    expect(after.forecastEras).toHaveLength(wanted.eras)
    expect(edits.needsFirstRuns(before, after, at('13:30:00'))).toBe(wanted.first)
  })
})

describe('a pause', () => {
  const paused = edits.withPause(
    create(),
    { reason: 'noise', actor: 'ann', sinceMs: 1, untilMs: at('14:00:00') },
    at('13:00:00'),
  )

  test('lasts until its end', () => {
    expect(edits.isPaused(paused, at('13:59:59'))).toBe(true)
    expect(edits.isPaused(paused, at('14:00:00'))).toBe(false)
    expect(edits.isPaused(create(), at('13:00:00'))).toBe(false)
  })

  test('survives an edit, which then makes no runs', () => {
    const after = edit(paused, { sensitivity: 'high' })
    expect(after.pause).toEqual(paused.pause)
    expect(edits.needsFirstRuns(paused, after, at('13:30:00'))).toBe(false)
  })

  test('is followed by first runs when it ends', () => {
    const after = edits.withPause(paused, undefined, at('13:30:00'))
    expect(after.pause).toBeUndefined()
    expect(edits.needsFirstRuns(paused, after, at('13:30:00'))).toBe(true)
  })

  test('comes and goes with the document', () => {
    const before = create({ paused: true })
    expect(before.pause).toMatchObject({ actor: 'ann', sinceMs: createdMs })
    expect(edits.needsFirstRuns(undefined, before, createdMs)).toBe(false)
    expect(edit(before, { paused: false }).pause).toBeUndefined()
    expect(edit(before, {}).pause).toEqual(before.pause)
  })

  test('beside the document changes what the document says, so that applying it again acts', () => {
    expect(edits.withPause(create({ paused: true }), undefined, createdMs).document.paused).toBe(false)
    expect(edits.withPause(create({ paused: false }), { reason: '', actor: 'x', sinceMs: 1 }, 1).document.paused).toBe(
      true,
    )
    expect('paused' in paused.document).toBe(false)
  })

  test('for a refused query ends with another query, and with nothing else', () => {
    const refused = edits.withPause(create(), { reason: 'parse error', actor: edits.systemActor, sinceMs: 1 }, 1)
    expect(edit(refused, { notes: 'x' }).pause).toBeDefined()
    expect(edit(refused, { query: 'up == 1' }).pause).toBeUndefined()
    const byHand = edits.withPause(create(), { reason: 'noise', actor: 'ann', sinceMs: 1 }, 1)
    expect(edit(byHand, { query: 'up == 1' }).pause).toBeDefined()
  })

  test('that ended by itself leaves the same unscored', () => {
    expect(edits.scoredAfterPauseMs(paused, resolve({}), at('13:59:59'))).toBeUndefined()
    expect(edits.scoredAfterPauseMs(paused, resolve({}), at('14:05:00'))).toBe(at('13:59:00'))
    expect(edits.scoredAfterPauseMs(create(), resolve({}), at('14:05:00'))).toBeUndefined()
  })

  test('leaves everything up to the last evaluated step unscored', () => {
    expect(edits.lastEvaluatedMs(resolve({}), at('13:30:10'))).toBe(at('13:29:00'))
  })
})

describe('first runs', () => {
  const mission = create()
  const input = { mission, resolved: resolve({}), nowMs: at('13:05:00') }

  test('are one for every T from the owner of now up to now', () => {
    expect(firstRuns(input)).toEqual(
      [at('12:00:00'), at('13:00:00')].map((nominalMs) => ({
        job: {
          runId: `f.default.cpu.${nominalMs}.${mission.bandKey}.1`,
          kind: 'first',
          flow: 'forecast',
          tenant: 'default',
          mission: 'cpu',
          nominalMs,
          bandKey: mission.bandKey,
          enqueuedMs: at('13:05:00'),
          timeoutMs: 15 * minuteMs,
        },
        priority: 5,
        maxAttempts: 5,
        backoffMs: 5_000,
      })),
    )
  })

  test('may start later', () => {
    expect(firstRuns(input, at('13:09:00')).map(({ startAtMs }) => startAtMs)).toEqual([at('13:09:00'), at('13:09:00')])
  })

  test('after an edit of the schedule include the first T of the new one', () => {
    const edited = edit(mission, { forecast: { every: '1h', phase: '20m' } })
    const runs = firstRuns({ mission: edited, resolved: resolve({}), nowMs: at('13:30:00') })
    expect(runs.map(({ job }) => job.nominalMs)).toEqual([at('13:00:00'), at('13:20:00')])
  })
})

describe('a registration backfill', () => {
  const mission = create()

  test('is made of the T before the owner of now, newest first', () => {
    const ticks = registrationTicks(mission, at('13:05:00'), 4 * 60 * minuteMs)
    expect(ticks).toEqual([at('11:00:00'), at('10:00:00')])
  })

  test('is nothing without a reach', () => {
    expect(registrationTicks(mission, at('13:05:00'), 0)).toEqual([])
  })

  test('is bounded', () => {
    const often = create({ forecast: { every: '5m' } })
    expect(registrationTicks(often, createdMs, 1_440 * minuteMs)).toHaveLength(100)
  })

  test('runs after everything else', () => {
    const [run] = registrationRuns({ mission, resolved: resolve({}), nowMs: at('13:05:00') }, 240 * minuteMs)
    const id = `default.cpu.${createdMs}`
    expect(run).toMatchObject({
      priority: 1_000,
      job: { runId: `b.${id}.${at('11:00:00')}`, kind: 'backfill', flow: 'forecast', backfill: { id } },
    })
  })
})

describe('a trigger', () => {
  const mission = create()
  const input = { mission, resolved: resolve({}), nowMs: at('13:05:30') }

  test('forecasts the T in force', () => {
    expect(triggeredRun(input, 'forecast', true)?.job).toMatchObject({
      runId: `f.default.cpu.${at('12:00:00')}.${mission.bandKey}.${at('13:05:30')}`,
      kind: 'trigger',
      nominalMs: at('12:00:00'),
      recompute: true,
    })
  })

  test('detects at the present step', () => {
    expect(triggeredRun(input, 'detect', false)?.job).toMatchObject({ flow: 'detect', nominalMs: at('13:05:00') })
  })

  test('has no T when the schedule has not begun', () => {
    const fields = { forecast: { cron: '0 0 0 1 1 * 2027' }, datasource: 'prom' }
    expect(
      triggeredRun(
        {
          ...input,
          mission: {
            ...mission,
            forecastEras: [
              {
                spec: { kind: 'cron', timeZone: 'UTC', cron: fields.forecast.cron },
                stepMs: 300_000,
                leadMs: 600_000,
                firstMs: undefined,
                ownsFromMs: undefined,
              },
            ],
          },
        },
        'forecast',
        false,
      ),
    ).toBeUndefined()
  })
})
