import { setTimeout as sleep } from 'node:timers/promises'

/** One thing that must work before a process may be sent work. */
export interface ReadinessCheck {
  readonly name: string
  /** undefined when all is well, else why not; throwing is the same as saying so. */
  check(): Promise<string | undefined>
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail?: string }[]
}

/** Runs all checks beside each other; one that hangs for `timeoutMs` has failed. */
export async function assessReadiness(checks: readonly ReadinessCheck[], timeoutMs = 2_000): Promise<Readiness> {
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      const detail = await reason(check, timeoutMs)
      return detail === undefined ? { name, ok: true } : { name, ok: false, detail }
    }),
  )
  return { ready: results.every(({ ok }) => ok), checks: results }
}

async function reason(check: () => Promise<string | undefined>, timeoutMs: number): Promise<string | undefined> {
  const timer = new AbortController()
  const late = sleep(timeoutMs, `no answer within ${timeoutMs} ms`, { signal: timer.signal, ref: false }).catch(
    () => undefined,
  )
  try {
    return await Promise.race([check(), late])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    timer.abort()
  }
}
