import { AppError } from '../../models/errors.ts'

/** Answers of a Redis that may take the same command later, or once its operator has mended it; in scripts after a dash. */
const passing =
  /(?:^|-)(?:LOADING|READONLY|OOM|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|NOSCRIPT|BUSY|MISCONF|NOREPLICAS|UNBLOCKED|EXECABORT|NOAUTH|WRONGPASS|NOPERM|MOVED|ASK) |max number of clients/

/** Redis answered, and the command is at fault: the same again would be answered the same. */
const isOurs = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ReplyError' && !passing.test(error.message)

/** @throws REDIS_UNAVAILABLE saying what could not be done, for whatever kept Redis from answering; INTERNAL for a defect of ours. */
export async function redisCall<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AppError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const code = isOurs(error) ? 'INTERNAL' : 'REDIS_UNAVAILABLE'
    throw new AppError(code, `cannot ${what}: ${reason}`, { cause: error })
  }
}
