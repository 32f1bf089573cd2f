import type { Clock } from '../process/clock.ts'
import type { OnSettled } from '../queue/attempt.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { SchedulePause } from '../store/ticks/stored-schedule.ts'

interface PauseFailingDeps {
  readonly schedules: Pick<ScheduleStore, 'get' | 'countFailure' | 'setPaused'>
  readonly clock: Clock
}

const actor = 'anomaly-times'
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
    const { policy, pause } = (await schedules.get(key)) ?? {}
    const limit = policy?.pauseAfterFailures
    const nowMs = clock.now()
    if (limit === undefined || failures < limit || isSomebodys(pause, nowMs)) return
    const last = error ? `, the last with ${error.code}: ${error.message.slice(0, 300)}` : ''
    const reason = `${failures} runs failed one after the other${last}`
    const untilMs = nowMs + Math.min(firstPauseMs * 2 ** (failures - limit), longestPauseMs)
    await schedules.setPaused(key, { reason, actor, untilMs }, nowMs)
  }
}

/** Whoever paused it decides how long. */
function isSomebodys(pause: SchedulePause | undefined, nowMs: number): boolean {
  return pause !== undefined && pause.actor !== actor && (pause.untilMs ?? Number.POSITIVE_INFINITY) > nowMs
}
