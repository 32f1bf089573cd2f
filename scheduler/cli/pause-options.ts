import { parseDuration } from '../../models/duration.ts'
import type { OptionValues } from './command.ts'

/** Options of pauses that end by themselves. */
export const pauseOptions = {
  reason: { type: 'string', value: 'TEXT', help: 'why, for whoever wonders' },
  for: { type: 'string', value: 'DURATION', help: 'resume by itself after this long' },
} as const

/** What the API is sent. */
export function pauseBody({ reason, for: duration }: OptionValues<typeof pauseOptions>) {
  const until = duration && new Date(Date.now() + parseDuration(duration)).toISOString()
  return { ...(reason !== undefined && { reason }), ...(until && { until }) }
}
