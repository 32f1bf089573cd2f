import { floorToStep, type StepRange } from '../../models/series.ts'
import type { PayloadMeta } from '../../tasks/deps.ts'
import { ownersIn } from '../planning/timeline.ts'
import type { ScheduleEra } from '../planning/types.ts'
import type { DetectPlan } from '../queue/runs.ts'

export interface WindowInput {
  /** T of the run. */
  readonly nominalMs: number
  readonly evalDelayMs: number
  readonly detectStepMs: number
  readonly maxExtendMs: number
  readonly scoredUntilMs: number
}

/** `(max(scoredUntil, E - maxExtend), E]`; empty when its ends meet. */
export function detectWindow(input: WindowInput): StepRange {
  const { nominalMs, evalDelayMs, detectStepMs, maxExtendMs, scoredUntilMs } = input
  const untilMs = floorToStep(nominalMs - evalDelayMs, detectStepMs)
  const reachMs = floorToStep(untilMs - maxExtendMs, detectStepMs)
  return { fromMs: Math.max(scoredUntilMs, reachMs), untilMs }
}

export interface PlanInput {
  readonly window: StepRange
  readonly eras: readonly ScheduleEra[]
  /** Grid of the forecast. */
  readonly stepMs: number
  /** All live payloads of the mission. */
  readonly payloads: readonly PayloadMeta[]
  readonly scopeKey: string
}

/** Which owners and payloads a run may use, fixed at its first attempt so that a retry scores the same. */
export function planDetect({ window, eras, stepMs, payloads, scopeKey }: PlanInput): DetectPlan {
  // a step between grid steps g and g + step needs both ends
  const needed = {
    fromMs: floorToStep(window.fromMs, stepMs) - stepMs,
    untilMs: floorToStep(window.untilMs, stepMs) + stepMs,
  }
  return {
    window,
    owners: ownersIn(eras, needed),
    payloads: payloads
      .filter((payload) => payload.scopeKey === scopeKey && reaches(payload, needed))
      .toSorted((a, b) => b.nominalMs - a.nominalMs),
  }
}

function reaches(payload: PayloadMeta, { fromMs, untilMs }: StepRange): boolean {
  const lastMs = payload.startMs + (payload.horizon - 1) * payload.stepMs
  return payload.startMs <= untilMs && lastMs > fromMs
}
