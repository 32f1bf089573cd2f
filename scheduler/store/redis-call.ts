import { AppError } from '../../models/errors.ts'

/** @throws REDIS_UNAVAILABLE saying what could not be done, for whatever kept Redis from answering. */
export async function redisCall<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof AppError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('REDIS_UNAVAILABLE', `cannot ${what}: ${reason}`, { cause: error })
  }
}
