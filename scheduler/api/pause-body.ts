import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { givenInstant } from './instant-range.ts'

/** Of every pause. */
export const pauseBody = z
  .strictObject({
    reason: z.string().max(500).default(''),
    until: givenInstant.optional().describe('Resumes by itself then'),
  })
  .nullish()

/** @throws INVALID_PARAMS for a pause that is over. */
export function readPause(body: z.output<typeof pauseBody>, nowMs: number): { reason: string; untilMs?: number } {
  const { reason = '', until } = body ?? {}
  if (until === undefined) return { reason }
  const untilMs = Date.parse(until)
  if (untilMs > nowMs) return { reason, untilMs }
  throw new AppError('INVALID_PARAMS', `until lies in the past: ${until}`, {
    problems: [{ pointer: '/until', detail: 'lies in the past' }],
  })
}
