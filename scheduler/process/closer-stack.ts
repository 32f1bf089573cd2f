import { AppError } from '../../models/errors.ts'
import type { Logger } from './log.ts'
import { settledWithin } from './settled-within.ts'

/** What a process has opened, to be closed newest first. */
export interface CloserStack {
  /** Returns what was opened. `what` names it in the log; one that takes longer than `deadlineMs` is left behind. */
  add<T>(what: string, opened: T, close: (opened: T) => unknown, deadlineMs?: number): T
  /** Closes everything once, whatever fails on the way. @throws INTERNAL naming what did not close. */
  close(): Promise<void>
}

const defaultDeadlineMs = 10_000

interface Closer {
  readonly what: string
  readonly deadlineMs: number
  close(): Promise<unknown>
}

export function closerStack(logger: Pick<Logger, 'error'>): CloserStack {
  const closers: Closer[] = []
  return {
    add(what, opened, close, deadlineMs = defaultDeadlineMs) {
      closers.push({ what, deadlineMs, close: async () => close(opened) })
      return opened
    },
    async close() {
      const open: string[] = []
      for (let closer = closers.pop(); closer; closer = closers.pop()) {
        const why = await whyOpen(closer)
        if (why === undefined) continue
        open.push(closer.what)
        logger.error({ what: closer.what, why }, 'could not be closed')
      }
      if (open.length > 0) throw new AppError('INTERNAL', `could not be closed: ${open.join(', ')}`)
    },
  }
}

async function whyOpen({ close, deadlineMs }: Closer): Promise<string | undefined> {
  try {
    return (await settledWithin(close(), deadlineMs)) ? undefined : `takes longer than ${deadlineMs / 1_000} s`
  } catch (error) {
    return String(error)
  }
}
