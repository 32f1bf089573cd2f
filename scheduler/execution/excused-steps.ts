import { floorToStep, type StepRange } from '../../models/series.ts'
import { noCalendars } from '../calendars/calendar-reader.ts'
import type { CalendarWindow } from '../calendars/calendar-windows.ts'
import { effectWindows } from '../calendars/effects.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { lastEvaluatedMs } from '../missions/mission-edits.ts'
import { previousTick } from '../planning/schedule-spec.ts'
import type { DetectRun } from './ports.ts'

/** Steps that nobody scores: those of a window, and those before it that wait for a T which it takes. */
export function excusedSteps(resolved: ResolvedMission, { fromMs, untilMs }: CalendarWindow): StepRange {
  const { evalDelayMs, detectStepMs } = resolved.detectParams
  const lastMs = floorToStep(untilMs - 1, detectStepMs)
  const takesT = (previousTick(resolved.detectSpec, untilMs - 1) ?? Number.NEGATIVE_INFINITY) >= fromMs
  if (!takesT) return { fromMs: floorToStep(fromMs - 1, detectStepMs), untilMs: lastMs }
  // what a sparse schedule had left long before is no business of the window
  const reachedMs = floorToStep(fromMs - detectStepMs - evalDelayMs, detectStepMs)
  const scoredMs = lastEvaluatedMs(resolved, fromMs - 1) ?? reachedMs
  return { fromMs: Math.max(reachedMs, scoredMs), untilMs: lastMs }
}

/**
 * Moves the mark past windows in which nothing ran, up to the end of what this run may score, and resolves with it. What an
 * outage had left before such a window is a gap as any other. A run that somebody asked for scores all the same.
 */
export async function passExcused(
  { deps, mission, resolved, attempt, name }: DetectRun,
  { fromMs: scoredMs, untilMs }: StepRange,
): Promise<number> {
  if (attempt.job.kind === 'trigger' || scoredMs >= untilMs) return scoredMs
  const { labels } = mission.document
  const matching = (await (deps.calendars ?? noCalendars).snapshot()).matching(mission.tenant, labels)
  const range = { fromMs: scoredMs + 1, untilMs: untilMs + 1 }
  let passedMs = scoredMs
  for (const window of effectWindows(matching, { labels, effect: 'noRun', range })) {
    const steps = excusedSteps(resolved, window)
    const endMs = Math.min(steps.untilMs, untilMs)
    if (endMs <= passedMs) continue
    const gap = steps.fromMs > passedMs ? { fromMs: passedMs, untilMs: steps.fromMs } : undefined
    await deps.marks.moveScored(name, endMs, gap)
    passedMs = endMs
  }
  return passedMs
}
