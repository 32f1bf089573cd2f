import { setTimeout as sleep } from 'node:timers/promises'

/** A process that is up and should answer. */
export interface Watched {
  readonly pid: number
  alive(): Promise<boolean>
}

export interface LivenessOptions {
  /** Those that run now. */
  watched(): readonly Watched[]
  onDeaf(pid: number): void
  readonly everyMs: number
  /** Questions in a row that a process may leave without an answer. */
  readonly patience: number
  readonly signal: AbortSignal
}

/**
 * Asks processes again and again whether they live. It counts questions, not time: whoever slept with the whole machine
 * missed at most one. A round that nobody of several answered is not counted: that is the machine, or all are suspended.
 */
export async function watchLiveness({ watched, onDeaf, everyMs, patience, signal }: LivenessOptions): Promise<void> {
  let missed = new Map<number, number>()
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
    if (signal.aborted) return
    const asked = watched()
    const answers = await Promise.all(asked.map((one) => one.alive()))
    if (asked.length > 1 && !answers.includes(true)) continue
    missed = new Map(asked.flatMap(({ pid }, i) => (answers[i] ? [] : [[pid, (missed.get(pid) ?? 0) + 1] as const])))
    for (const [pid, count] of missed) {
      if (count > patience) onDeaf(pid)
    }
  }
}
