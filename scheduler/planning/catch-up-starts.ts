import { type ScheduleKey, scheduleMember } from '../store/ticks/schedule-keys.ts'

/** What is caught up one by one is tried every two seconds; after more than this another outage lies between. */
const keptMs = 30_000

interface Start {
  readonly nominalMs: number
  readonly generation: number
  readonly seenMs: number
}

type Versioned = ScheduleKey & { readonly generation: number }

/** From which T on schedules make up for an outage, as it was decided when they began to. */
export interface CatchUpStarts {
  of(schedule: Versioned, nowMs: number): number | undefined
  /** undefined: it is done with it. */
  keep(schedule: Versioned, nominalMs: number | undefined, nowMs: number): void
}

/** In memory: whoever leads next decides once more. */
export function rememberCatchUpStarts(): CatchUpStarts {
  const starts = new Map<string, Start>()
  return {
    of(schedule, nowMs) {
      const start = starts.get(scheduleMember(schedule))
      const isSame = start?.generation === schedule.generation && Math.abs(nowMs - start.seenMs) <= keptMs
      return isSame ? start.nominalMs : undefined
    },
    keep(schedule, nominalMs, nowMs) {
      const member = scheduleMember(schedule)
      if (nominalMs === undefined) starts.delete(member)
      else starts.set(member, { nominalMs, generation: schedule.generation, seenMs: nowMs })
    },
  }
}
