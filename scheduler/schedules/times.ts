import { isRepeated, isShifted } from '../../models/cron.ts'
import type { EffectWindow } from '../calendars/effects.ts'
import { nextTick } from '../planning/schedule-spec.ts'
import type { ScheduleSpec } from '../planning/types.ts'

/** A nominal time and what a change of the clocks does to it. */
export interface NominalTime {
  readonly nominalMs: number
  /** shifted: stands for a time of the day that the clocks left out. repeated: the second time at this time of the day. */
  readonly clocks?: 'shifted' | 'repeated'
  /** Calendars whose windows it lies in. */
  readonly calendars?: readonly EffectWindow[]
}

export interface TimesRange {
  /** Excluded. */
  readonly fromMs: number
  /** Included. */
  readonly untilMs: number
  /** Most times to list. */
  readonly limit: number
  /** Default: there are no calendars. */
  readonly effectsAt?: (ms: number) => readonly EffectWindow[]
}

/** The times of a range, oldest first, at most `limit` of them. */
export function listTimes(spec: ScheduleSpec, { fromMs, untilMs, limit, effectsAt }: TimesRange): NominalTime[] {
  const times: NominalTime[] = []
  let nominalMs = nextTick(spec, fromMs)
  while (nominalMs !== undefined && nominalMs <= untilMs && times.length < limit) {
    const calendars = effectsAt?.(nominalMs) ?? []
    times.push({ nominalMs, ...clocksAt(spec, nominalMs), ...(calendars.length > 0 && { calendars }) })
    nominalMs = nextTick(spec, nominalMs)
  }
  return times
}

function clocksAt(spec: ScheduleSpec, nominalMs: number): Pick<NominalTime, 'clocks'> {
  if (spec.kind !== 'cron') return {}
  if (isShifted(spec, nominalMs)) return { clocks: 'shifted' }
  return isRepeated(spec, nominalMs) ? { clocks: 'repeated' } : {}
}
