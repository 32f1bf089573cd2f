import { AppError } from '../../models/errors.ts'
import type { Clock } from '../process/clock.ts'
import type { HeldPlace, Limit, LimitStore } from '../store/limit-store.ts'
import type { RunLogStore } from '../store/ticks/run-log-store.ts'

export interface LimitUse extends Limit {
  readonly inUse: number
}

export interface ReleaseRequest {
  readonly name: string
  readonly token: string
  readonly actor: string
}

/** Limits of the configuration, and who holds their places. */
export interface LimitService {
  list(): Promise<LimitUse[]>
  /** @throws NOT_FOUND for a limit that is not configured. */
  holders(name: string): Promise<HeldPlace[]>
  /** The run goes on without its place. @throws NOT_FOUND when it holds none. */
  release(request: ReleaseRequest): Promise<void>
}

export interface LimitServiceDeps {
  readonly limits: readonly Limit[]
  readonly store: Pick<LimitStore, 'free' | 'inUse' | 'places'>
  readonly logs: Pick<RunLogStore, 'append'>
  readonly clock: Clock
}

export function createLimitService({ limits, store, logs, clock }: LimitServiceDeps): LimitService {
  const assertKnown = (name: string) => {
    if (limits.every((limit) => limit.name !== name)) throw new AppError('NOT_FOUND', `no limit "${name}"`)
  }
  return {
    async list() {
      const inUse = await store.inUse(limits.map(({ name }) => name))
      return limits.map((limit, i) => ({ ...limit, inUse: inUse[i] ?? 0 }))
    },

    async holders(name) {
      assertKnown(name)
      return store.places(name)
    },

    async release({ name, token, actor }) {
      assertKnown(name)
      if (!(await store.free(name, token))) throw new AppError('NOT_FOUND', `run ${token} holds no place of ${name}`)
      const text = `its place of the limit ${name} was released by ${actor}`
      await logs.append(token, [{ atMs: clock.now(), level: 'warn', text }])
    },
  }
}
