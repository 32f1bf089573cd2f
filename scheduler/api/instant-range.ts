import { z } from 'zod'
import { AppError } from '../../models/errors.ts'

/** As requests give it. */
export const givenInstant = z.iso.datetime({ offset: true })

/** @throws INVALID_PARAMS */
export function assertRange(fromMs: number, untilMs: number): void {
  if (fromMs < untilMs) return
  const detail = `${new Date(fromMs).toISOString()} does not lie before ${new Date(untilMs).toISOString()}`
  throw new AppError('INVALID_PARAMS', `from must lie before to: ${detail}`, {
    problems: [{ pointer: '/from', detail }],
  })
}
