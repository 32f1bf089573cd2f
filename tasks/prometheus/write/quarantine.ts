/** What the store refused for good, so that the search for it is not repeated at every tick. */
export interface Quarantine {
  readonly size: number
  reasonFor(key: string): string | undefined
  add(key: string, reason: string): void
}

/** An operator may raise a limit: after `holdMs` the store is asked again. */
export function createQuarantine(holdMs = 3_600_000, now: () => number = () => performance.now()): Quarantine {
  const held = new Map<string, { readonly reason: string; readonly untilMs: number }>()
  return {
    get size() {
      return held.size
    },
    reasonFor(key) {
      const entry = held.get(key)
      if (entry && entry.untilMs <= now()) held.delete(key)
      return held.get(key)?.reason
    },
    add(key, reason) {
      held.set(key, { reason, untilMs: now() + holdMs })
    },
  }
}
