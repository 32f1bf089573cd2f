import type { Clock } from '../process/clock.ts'
import type { OnSettled } from '../queue/attempt.ts'
import { isAutomatic, isPauseOn, type Pause, systemActor } from '../store/pause.ts'
import type { PauseDecision, ScheduleStore } from '../store/ticks/schedule-store.ts'

interface PauseFailingDeps {
  readonly schedules: Pick<ScheduleStore, 'countFailure' | 'pauseIf'>
  readonly clock: Clock
}

const firstPauseMs = 15 * 60_000
const longestPauseMs = 24 * 3_600_000

/**
 * Told of every end of a run, pauses schedules of their own that asked for it after so many failures in a row. The pause
 * ends by itself: the next T is a probe. When that fails as well, the next pause is twice as long.
 */
export function pauseFailing({ schedules, clock }: PauseFailingDeps): OnSettled {
  return async ({ state, error }, { task, kind, tenant, scheduleId }, failuresBefore) => {
    const isOver = state === 'succeeded' || state === 'failed'
    if (!task || kind !== 'tick' || scheduleId === undefined || !isOver) return
    // nearly every run: nothing is to be written down
    if (state === 'succeeded' && failuresBefore === 0) return
    const key = { tenant, id: scheduleId }
    const failures = await schedules.countFailure(key, state === 'failed')
    if (failures === 0) return
    const nowMs = clock.now()
    const last = error ? `, the last with ${error.code}: ${error.message.slice(0, 300)}` : ''
    const reason = `${failures} runs failed one after the other${last}`
    const decide: PauseDecision = ({ policy: { pauseAfterFailures: limit }, pause }) => {
      if (limit === undefined || failures < limit || isSomebodys(pause, nowMs)) return undefined
      const untilMs = nowMs + Math.min(firstPauseMs * 2 ** (failures - limit), longestPauseMs)
      return { reason, actor: systemActor, automatic: true, untilMs }
    }
    await schedules.pauseIf(key, decide, nowMs)
  }
}

/** Whoever paused it decides how long. */
function isSomebodys(pause: Pause | undefined, nowMs: number): boolean {
  return pause !== undefined && !isAutomatic(pause) && isPauseOn(pause, nowMs)
}
