import { describe, expect, test } from 'vitest'
import type { StepRange } from '../../../models/series.ts'
import {
  defaultHorizon,
  editEras,
  firstEra,
  joinRange,
  leadMs,
  ownedRange,
  ownedRanges,
  ownersIn,
  ticksFromOwnerOfNow,
} from '../../../scheduler/planning/timeline.ts'
import type { ScheduleEra, ScheduleSpec } from '../../../scheduler/planning/types.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const stepMs = 5 * minuteMs
const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`)
const every = (everyMs: number, phaseMs = 0): ScheduleSpec => ({ kind: 'every', everyMs, phaseMs })
const hourly = [firstEra(every(hourMs), stepMs)]
/** Who owns one step. */
const ownerOf = (eras: readonly ScheduleEra[], ms: number) => ownersIn(eras, { fromMs: ms - 1, untilMs: ms })[0]
const range = (from: string, until: string): StepRange => ({ fromMs: at(from), untilMs: at(until) })

test.each([
  { stepMs: 10_000, lead: 10 * minuteMs },
  { stepMs, lead: 10 * minuteMs },
  { stepMs: 15 * minuteMs, lead: 30 * minuteMs },
])('the lead at a step of $stepMs ms is $lead ms', ({ stepMs, lead }) => {
  expect(leadMs(stepMs)).toBe(lead)
})

test.each([
  { gapMs: hourMs, horizon: 64 },
  { gapMs: 2 * hourMs, horizon: 74 },
  { gapMs: 25 * hourMs, horizon: 350 },
])('the horizon for a gap of $gapMs ms is $horizon steps', ({ gapMs, horizon }) => {
  expect(defaultHorizon({ gapMs, stepMs })).toBe(horizon)
})

describe('an hourly schedule', () => {
  test('owns from its lead to that of the next T', () => {
    expect(ownedRange(hourly, at('12:00:00'))).toEqual(range('12:10:00', '13:10:00'))
  })

  test('owns nothing at an instant that is no T', () => {
    expect(ownedRange(hourly, at('12:30:00'))).toBeUndefined()
  })

  test('keeps its ranges on the grid when T + lead is not', () => {
    const eras = [firstEra(every(hourMs, 2 * minuteMs), stepMs)]
    expect(ownedRange(eras, at('12:02:00'))).toEqual(range('12:10:00', '13:10:00'))
  })

  test.each([
    { step: '12:10:00', owner: '11:00:00' },
    { step: '12:15:00', owner: '12:00:00' },
    { step: '13:10:00', owner: '12:00:00' },
    { step: '13:15:00', owner: '13:00:00' },
  ])('has $owner own the step at $step', ({ step, owner }) => {
    expect(ownerOf(hourly, at(step))?.nominalMs).toBe(at(owner))
  })

  test.each([
    { now: '12:05:00', ticks: ['11:00:00', '12:00:00'] },
    { now: '12:12:00', ticks: ['11:00:00', '12:00:00'] },
    { now: '12:15:00', ticks: ['12:00:00'] },
    { now: '12:59:59', ticks: ['12:00:00'] },
  ])('needs $ticks at $now', ({ now, ticks }) => {
    expect(ticksFromOwnerOfNow(hourly, at(now))).toEqual(ticks.map(at))
  })

  test.each([
    { now: '12:31:00', joined: range('12:25:00', '13:10:00') },
    // 12:00 is not after J: it may have read its panel before the series was there
    { now: '12:03:00', joined: range('11:55:00', '13:10:00') },
  ])('lets a join at $now own up to the first run after it', ({ now, joined }) => {
    expect(joinRange(hourly, at(now))).toEqual(joined)
  })
})

describe('a schedule of fewer T than steps', () => {
  test('gives every step to the latest T that is in time', () => {
    const eras = [firstEra(every(minuteMs), stepMs)]
    expect(ownedRange(eras, at('12:00:00'))).toBeUndefined()
    expect(ownedRange(eras, at('12:04:00'))).toEqual(range('12:10:00', '12:15:00'))
    expect(ownerOf(eras, at('12:15:00'))?.nominalMs).toBe(at('12:04:00'))
  })
})

describe('an edit', () => {
  test('leaves the old schedule the steps of its latest T', () => {
    const eras = editEras(hourly, { spec: every(hourMs, 30 * minuteMs), stepMs }, at('12:20:00'))
    expect(ownersIn(eras, range('11:10:00', '14:40:00'))).toEqual([
      { nominalMs: at('11:00:00'), owned: range('11:10:00', '12:10:00') },
      { nominalMs: at('12:00:00'), owned: range('12:10:00', '13:10:00') },
      { nominalMs: at('12:30:00'), owned: range('13:10:00', '13:40:00') },
      { nominalMs: at('13:30:00'), owned: range('13:40:00', '14:40:00') },
    ])
  })

  test('gives the first T of the new schedule what lies before its first boundary', () => {
    const eras = editEras(hourly, { spec: every(2 * hourMs), stepMs }, at('12:20:00'))
    expect(ownedRange(eras, at('12:00:00'))).toEqual(range('12:10:00', '14:10:00'))
  })

  test('may give an earlier T of the old schedule a second range', () => {
    const eras = editEras(hourly, { spec: every(2 * hourMs, hourMs), stepMs }, at('12:20:00'))
    expect(ownedRanges(eras, at('11:00:00'))).toEqual([range('11:10:00', '12:10:00')])
    const later = editEras(hourly, { spec: every(3 * hourMs, 2 * hourMs), stepMs }, at('12:20:00'))
    expect(ownedRanges(later, at('11:00:00'))).toEqual([range('11:10:00', '12:10:00'), range('13:10:00', '14:10:00')])
    expect(ownedRange(later, at('11:00:00'))).toEqual(range('13:10:00', '14:10:00'))
  })

  test('has the first T of a coarser grid own steps that its lead would give to an earlier one', () => {
    const eras = editEras(hourly, { spec: every(20 * minuteMs, 10 * minuteMs), stepMs: 15 * minuteMs }, at('12:58:00'))
    expect(ownersIn(eras, range('13:10:00', '13:40:00'))[0]).toEqual({
      nominalMs: at('12:50:00'),
      owned: range('13:00:00', '13:30:00'),
    })
    expect(ownedRange(eras, at('12:30:00'))).toBeUndefined()
  })

  test('changes nothing when time does not change', () => {
    expect(editEras(hourly, { spec: every(hourMs), stepMs }, at('12:20:00'))).toBe(hourly)
  })

  test('drops an era that never owned a step', () => {
    const once = editEras([firstEra(every(24 * hourMs), stepMs)], { spec: every(hourMs), stepMs }, at('12:20:00'))
    const twice = editEras(once, { spec: every(hourMs, 30 * minuteMs), stepMs }, at('12:25:00'))
    expect(twice).toHaveLength(2)
    expect(twice.at(-1)).toMatchObject({ spec: every(hourMs, 30 * minuteMs), ownsFromMs: at('00:10:00') + 24 * hourMs })
  })

  test('drops eras whose steps are two days old', () => {
    const once = editEras(hourly, { spec: every(2 * hourMs), stepMs }, at('12:20:00'))
    const later = editEras(once, { spec: every(hourMs), stepMs }, at('12:20:00') + 72 * hourMs)
    expect(later).toHaveLength(2)
    expect(ownerOf(later, at('12:20:00'))).toBeUndefined()
  })
})

test('a join after an edit lasts until a run after it owns steps', () => {
  const daily = [firstEra(every(24 * hourMs), stepMs)]
  const eras = editEras(daily, { spec: every(hourMs), stepMs }, at('12:20:00'))
  expect(joinRange(eras, at('12:22:00'))).toEqual({ fromMs: at('12:15:00'), untilMs: at('00:10:00') + 24 * hourMs })
})

test('a schedule that has ended owns as many steps as it did before', () => {
  const eras = [firstEra({ kind: 'cron', cron: '0 0 0-12 24 11 * 2026', timeZone: 'UTC' }, stepMs)]
  expect(ownedRange(eras, at('12:00:00'))).toEqual(range('12:10:00', '13:10:00'))
  expect(ownerOf(eras, at('13:15:00'))).toBeUndefined()
  expect(ownersIn(eras, range('13:10:00', '15:10:00'))).toEqual([])
})

describe('over random schedules and edits', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => ({ seed })))(
    'every step has one owner (seed $seed)',
    ({ seed }) => {
      const random = generator(seed)
      let eras: readonly ScheduleEra[] = [firstEra(randomSpec(random), stepMs)]
      let now = at('00:00:00')
      for (let edit = 0; edit < 4; edit++) {
        now += Math.floor(random() * 5 * hourMs)
        eras = editEras(eras, { spec: randomSpec(random), stepMs }, now)
      }
      const from = at('00:00:00')
      const owners = ownersIn(eras, { fromMs: from, untilMs: from + 30 * hourMs })
      for (let t = from + stepMs; t <= from + 30 * hourMs; t += stepMs) {
        const covering = owners.filter(({ owned }) => owned.fromMs < t && t <= owned.untilMs)
        expect(covering).toHaveLength(1)
        expect(ownerOf(eras, t)).toEqual(covering[0])
        const own = ownedRanges(eras, covering[0]!.nominalMs)
        expect(own.some(({ fromMs, untilMs }) => fromMs < t && t <= untilMs)).toBe(true)
      }
    },
  )

  test.each(Array.from({ length: 12 }, (_, seed) => ({ seed })))(
    'changes of the step leave no hole (seed $seed)',
    ({ seed }) => {
      const random = generator(1_000 + seed)
      const steps = [minuteMs, 5 * minuteMs, 7 * minuteMs, 15 * minuteMs]
      const pick = (): number => steps[Math.floor(random() * steps.length)] ?? stepMs
      let eras: readonly ScheduleEra[] = [firstEra(randomSpec(random), pick())]
      let now = at('00:00:00')
      for (let edit = 0; edit < 4; edit++) {
        now += Math.floor(random() * 5 * hourMs)
        eras = editEras(eras, { spec: randomSpec(random), stepMs: pick() }, now)
      }
      const step = eras.at(-1)?.stepMs ?? stepMs
      const owners = ownersIn(eras, { fromMs: at('00:00:00'), untilMs: at('00:00:00') + 30 * hourMs })
      for (let t = Math.ceil(at('00:00:00') / step + 1) * step; t <= at('00:00:00') + 30 * hourMs; t += step) {
        expect(owners.filter(({ owned }) => owned.fromMs < t && t <= owned.untilMs)).not.toHaveLength(0)
      }
    },
  )
})

function randomSpec(random: () => number): ScheduleSpec {
  const crons = ['0 * * * *', '*/20 * * * *', '0 */3 * * *', '30 1-23/2 * * *', '13,48 * * * *']
  if (random() < 0.4) {
    return { kind: 'cron', cron: crons[Math.floor(random() * crons.length)] ?? '0 * * * *', timeZone: 'Europe/Berlin' }
  }
  const everyMs = [7, 20, 30, 60, 120, 360][Math.floor(random() * 6)] ?? 60
  return every(everyMs * minuteMs, Math.floor(random() * everyMs) * minuteMs)
}

/** mulberry32: the same sequence for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
