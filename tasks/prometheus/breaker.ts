import { AppError } from '../../models/errors.ts'

/** Keeps requests from a store that is down, so that a thousand missions do not wait for it each. */
export interface Breaker {
  /** @throws STORE_UNAVAILABLE while it is open, naming `subject`. */
  check(subject: string): void
  /** A connection error, or a 503 that speaks for the store as a whole; `reason` is told while it is open. */
  failed(reason: string): void
  /** Any other answer: the store is there. */
  answered(): void
  readonly state: 'closed' | 'open'
}

export interface BreakerOptions {
  /** Monotonic: the clock of a machine may step back, and what is open would stay so. */
  readonly now?: () => number
  /** Failures in a row that open it. */
  readonly failures?: number
  /** How long it stays open before one request may try again. */
  readonly openMs?: number
}

export function createBreaker({
  now = () => performance.now(),
  failures = 5,
  openMs = 10_000,
}: BreakerOptions = {}): Breaker {
  let failed = 0
  let openUntilMs = 0
  let lastReason = ''
  return {
    check(subject) {
      if (failed < failures) return
      const waitMs = Math.ceil(openUntilMs - now())
      if (waitMs > 0) {
        const why = `not asked, ${failed} requests in a row failed, the last one by ${lastReason}`
        throw new AppError('STORE_UNAVAILABLE', `${subject}: ${why}`, { retryAfterMs: waitMs })
      }
      // this request is the one that tries; the next may when it has failed, or has not come back in time
      openUntilMs = now() + openMs
    },
    failed(reason) {
      failed++
      lastReason = reason
      openUntilMs = now() + openMs
    },
    answered() {
      failed = 0
    },
    get state() {
      return failed < failures ? 'closed' : 'open'
    },
  }
}
