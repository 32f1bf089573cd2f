import { describe, expect, test } from 'vitest'
import * as edits from '../../../scheduler/missions/mission-edits.ts'
import type { MissionPause } from '../../../scheduler/store/missions/stored-mission.ts'
import { systemActor } from '../../../scheduler/store/pause.ts'
import { at, create, createdMs, edit, resolve } from '../../fakes/made-missions.ts'

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
    const by = { reason: 'parse error', actor: systemActor, sinceMs: 1 }
    const endsWith = (pause: MissionPause, query: string) =>
      edit(edits.withPause(create(), pause, 1), { query }).pause === undefined
    expect(endsWith({ ...by, automatic: true }, 'up')).toBe(false)
    expect(endsWith({ ...by, automatic: true }, 'up == 1')).toBe(true)
    // as an older release stored it
    expect(endsWith(by, 'up == 1')).toBe(true)
    // of somebody whose key bears our name
    expect(endsWith({ ...by, automatic: false }, 'up == 1')).toBe(false)
    expect(endsWith({ ...by, actor: 'ann' }, 'up == 1')).toBe(false)
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
