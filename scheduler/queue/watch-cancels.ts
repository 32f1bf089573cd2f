import { AppError, toAppError } from '../../models/errors.ts'
import type { CancelStore } from '../store/ticks/cancel-store.ts'
import type { CancelRequest } from './runs.ts'

/** How a run at work hears that somebody wants it to end. */
export interface RunCancel {
  /** Aborts then, with RUN_CANCELLED saying who wants it and why. */
  readonly signal: AbortSignal
  request(): CancelRequest | undefined
}

export interface CancelWatch {
  /** From here on until `end`; a run that is a part of another ends with that. */
  begin(runId: string, of?: string): RunCancel
  /** Whether somebody wants one of them to end by now. */
  look(): Promise<void>
  end(runId: string): void
  stop(): void
}

export interface CancelWatchOptions {
  readonly cancels: Pick<CancelStore, 'requested'>
  readonly onError: (error: Error) => void
  /** One question for all runs at work. Default: 500 ms. */
  readonly everyMs?: number | undefined
}

interface Watched {
  readonly abort: AbortController
  /** Whose wishes it hears. */
  readonly heard: string
  request?: CancelRequest
}

/** Looks again and again: a message could be missed between fetch and subscription, or while Redis is away. */
export function watchCancels({ cancels, onError, everyMs = 500 }: CancelWatchOptions): CancelWatch {
  const atWork = new Map<string, Watched>()
  let isLooking = false

  async function look(): Promise<void> {
    const asked = [...atWork.values()]
    const requests = await cancels.requested(asked.map(({ heard }) => heard))
    for (const [i, request] of requests.entries()) {
      const watched = asked[i]!
      if (!request || watched.request) continue
      watched.request = request
      watched.abort.abort(new AppError('RUN_CANCELLED', cancelText(watched.heard, request)))
    }
  }

  const timer = setInterval(() => {
    if (isLooking || atWork.size === 0) return
    isLooking = true
    look()
      .catch((error: unknown) => onError(toAppError(error)))
      .finally(() => {
        isLooking = false
      })
  }, everyMs)
  timer.unref()

  return {
    look,
    begin(runId, of = runId) {
      const watched: Watched = { abort: new AbortController(), heard: of }
      atWork.set(runId, watched)
      return { signal: watched.abort.signal, request: () => watched.request }
    },
    end: (runId) => void atWork.delete(runId),
    stop: () => clearInterval(timer),
  }
}

export function cancelText(runId: string, { actor, reason }: CancelRequest): string {
  return `run ${runId} was cancelled by ${actor}${reason === '' ? '' : `: ${reason}`}`
}
