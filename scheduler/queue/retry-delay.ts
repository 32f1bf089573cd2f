import type { AppError } from '../../models/errors.ts'

const longestMs = 300_000

/**
 * Wait before the next attempt: doubles, is at least what the store asked for, at most 5 minutes; up to a tenth more,
 * so that runs that failed together do not come back together.
 */
export function retryDelayMs(
  { failures, backoffMs }: { readonly failures: number; readonly backoffMs: number },
  error: Pick<AppError, 'retryAfterMs'> | undefined,
  random: () => number = Math.random,
): number {
  const doubledMs = backoffMs * 2 ** (failures - 1)
  const waitMs = Math.min(Math.max(doubledMs, error?.retryAfterMs ?? 0), longestMs)
  return Math.round(waitMs * (1 + random() / 10))
}
