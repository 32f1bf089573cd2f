import type { RunLogStore } from '../store/ticks/run-log-store.ts'
import type { RunJob, RunLogLine, RunLogWriter } from './runs.ts'

export interface RunLogOptions {
  readonly store: Pick<RunLogStore, 'append'>
  now(): number
  /** The log of the process. */
  readonly log?: ((job: RunJob) => RunLogWriter) | undefined
  readonly onError: (error: Error) => void
}

export interface RunLog {
  /** Also to the log of the process. */
  readonly write: RunLogWriter
  /** What the log of the process says otherwise. */
  readonly note: RunLogWriter
  /** From here on lines are stored at once, those that were written before as well. */
  keep(): void
  /** Once all lines that are to be stored are. */
  settled(): Promise<void>
}

const maxPending = 100

/** Lines of one attempt: to the log of the process, and to the run's own once it has a record to lie beside. */
export function openRunLog({ store, now, log, onError }: RunLogOptions, job: RunJob): RunLog {
  const process = log?.(job)
  const pending: RunLogLine[] = []
  let isKept = false
  let stored = Promise.resolve()
  const flush = () => {
    const lines = pending.splice(0)
    stored = stored.then(() => store.append(job.runId, lines)).catch(onError)
  }
  const note: RunLogWriter = (level, text) => {
    pending.push({ atMs: now(), level, text })
    if (pending.length > maxPending) pending.shift()
    if (isKept) flush()
  }
  return {
    note,
    write(level, text) {
      process?.(level, text)
      note(level, text)
    },
    keep() {
      if (isKept) return
      isKept = true
      if (pending.length > 0) flush()
    },
    settled: () => stored,
  }
}
