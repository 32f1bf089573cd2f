import { AppError } from '../../models/errors.ts'

export interface Deadline {
  readonly timeoutMs: number
  readonly signals: readonly AbortSignal[]
  /** For the error's message. */
  readonly what: string
}

/** How long work that was told to stop may take to do so, before it is left alone. */
const abortGraceMs = 5_000

/**
 * Runs `work` with a signal that aborts at the time-out or with the first of the given signals, and rejects with the
 * reason, also when `work` does not listen.
 * @throws RUN_TIMEOUT
 */
export async function withDeadline<T>(
  { timeoutMs, signals, what }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const { signal } = stop
  const timer = setTimeout(() => {
    stop.abort(new AppError('RUN_TIMEOUT', `${what} took longer than ${timeoutMs / 1_000} s`))
  }, timeoutMs)
  const unlink = signals.map((outer) => linked(outer, stop))
  let left: NodeJS.Timeout | undefined
  const aborted = new Promise<never>((_, reject) => {
    const leave = () => {
      left = setTimeout(() => reject(signal.reason), abortGraceMs)
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([work(signal), aborted])
  } catch (error) {
    // whatever an aborted request throws, the reason says more
    throw signal.aborted ? signal.reason : error
  } finally {
    clearTimeout(timer)
    clearTimeout(left)
    for (const end of unlink) end()
  }
}

/** `AbortSignal.any` does the same with weak references: measured, a tenth of what a run without work costs. */
function linked(outer: AbortSignal, inner: AbortController): () => void {
  const abort = () => inner.abort(outer.reason)
  if (outer.aborted) abort()
  else outer.addEventListener('abort', abort)
  return () => outer.removeEventListener('abort', abort)
}
