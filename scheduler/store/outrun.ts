import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../models/errors.ts'

/** Another writer came in between this often: something is wrong with it, not with us. */
export const maxWrites = 30

/** Wait after write `i` was outrun, so that many writers do not come back together: at random below 4 ms, then 8, 16, up to 1 s. */
export async function outrun(i: number): Promise<void> {
  await sleep(Math.random() * Math.min(4 * 2 ** i, 1_000))
}

/** `write` reads, changes and writes, and answers undefined where somebody else was quicker: then it is asked again. @throws CONFLICT */
export async function untilWritten<Written>(what: string, write: () => Promise<Written | undefined>): Promise<Written> {
  for (let i = 0; i < maxWrites; i++) {
    const written = await write()
    if (written !== undefined) return written
    await outrun(i)
  }
  throw new AppError('CONFLICT', `${what} is being changed by others all the time`)
}

/** The same for a `write` that throws CONFLICT where somebody else was quicker. */
export async function untilNoConflict<Written>(write: () => Promise<Written>): Promise<Written> {
  for (let i = 1; ; i++) {
    try {
      return await write()
    } catch (error) {
      const isOutrun = error instanceof AppError && error.code === 'CONFLICT'
      if (!isOutrun || i >= maxWrites) throw error
    }
    await outrun(i)
  }
}
