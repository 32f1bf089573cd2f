import { setTimeout as sleep } from 'node:timers/promises'

/** Another writer came in between this often: something is wrong with it, not with us. */
export const maxWrites = 30

/** Wait after write `i` was outrun, so that many writers do not come back together: at random below 4 ms, then 8, 16, up to 1 s. */
export async function outrun(i: number): Promise<void> {
  await sleep(Math.random() * Math.min(4 * 2 ** i, 1_000))
}
