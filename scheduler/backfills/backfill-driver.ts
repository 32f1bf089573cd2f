import { setTimeout as sleep } from 'node:timers/promises'
import type { BackfillStore } from '../store/backfills/backfill-store.ts'
import { type AdvanceDeps, advanceBackfill } from './advance.ts'
import type { Backfill } from './types.ts'

export interface BackfillDriverOptions extends AdvanceDeps {
  readonly backfills: Pick<BackfillStore, 'open' | 'replace' | 'hold'>
  readonly isLeader: () => boolean
  readonly onError: (error: unknown, backfill?: Backfill) => void
}

const busyEveryMs = 250
const idleEveryMs = 1_000

const activeMissions = ({ active }: Backfill): string[] => [...new Set(active.map(({ mission }) => mission))]

/** The leader's care for backfills: each gets its next runs as the ones before them end. */
export function startBackfillDriver(options: BackfillDriverOptions): { stop(): Promise<void> } {
  const { backfills, isLeader, onError } = options
  const stopping = new AbortController()

  async function pass(): Promise<number> {
    if (!isLeader()) return idleEveryMs
    const open = await backfills.open()
    // before any other could take a mission whose runs are in the queue
    for (const backfill of open) await backfills.hold(backfill, activeMissions(backfill))
    // one that cannot go on must not hold up the others
    for (const backfill of open)
      if (isLeader()) await advanceBackfill(options, backfill).catch((error: unknown) => onError(error, backfill))
    return open.some(({ state }) => state !== 'paused') ? busyEveryMs : idleEveryMs
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const waitMs = await pass().catch((error: unknown) => {
        onError(error)
        return idleEveryMs
      })
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  const loop = run()
  return {
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
