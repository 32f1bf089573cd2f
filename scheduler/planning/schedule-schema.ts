import { z } from 'zod'
import type { ScheduleEra, SchedulePolicy, ScheduleSpec } from './types.ts'

const durationMs = z.number().nonnegative()

const bounds = {
  startMs: z.int().exactOptional(),
  endMs: z.int().exactOptional(),
  exclude: z
    .array(z.object({ fromMs: z.int(), untilMs: z.int() }).refine(({ fromMs, untilMs }) => fromMs < untilMs))
    .exactOptional(),
}

/** As stored and exported. A schedule that is due every 0 ms would never end. */
export const scheduleSpec: z.ZodType<ScheduleSpec> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('every'), everyMs: z.int().positive(), phaseMs: z.int().nonnegative(), ...bounds }),
  z.object({
    ...{ kind: z.literal('cron'), cron: z.string(), timeZone: z.string() },
    ...{ dst: z.enum(['shift', 'skip']).exactOptional(), ...bounds },
  }),
  z.object({ kind: z.literal('at'), atMs: z.array(z.int()).refine(isAscending), ...bounds }),
])

function isAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || values[i - 1]! < value)
}

export const schedulePolicy: z.ZodType<SchedulePolicy> = z.object({
  overlap: z.enum(['skip', 'bufferLatest', 'allow']),
  catchUp: z.enum(['none', 'latest', 'all']),
  catchUpWindowMs: durationMs,
  maxCatchUpTicks: z.int().positive(),
  startDeadlineMs: durationMs,
  timeoutMs: durationMs,
  maxAttempts: z.int().positive(),
  backoffMs: durationMs,
  startSpreadMs: durationMs,
  pauseAfterFailures: z.int().positive().exactOptional(),
})

export const scheduleEra = z
  .object({
    spec: scheduleSpec,
    stepMs: z.int().positive(),
    leadMs: z.int().positive(),
    firstMs: z.int().optional(),
    ownsFromMs: z.int().optional(),
  })
  .transform((era): ScheduleEra => ({ ...era, firstMs: era.firstMs, ownsFromMs: era.ownsFromMs }))
