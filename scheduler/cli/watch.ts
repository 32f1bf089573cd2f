import { setTimeout as sleep } from 'node:timers/promises'
import type { Io } from './command.ts'
import { abortOnSignals } from './signals.ts'

/** Option of lists. */
export const watchOption = { type: 'boolean', help: 'show it again every two seconds, until Ctrl-C' } as const

const everyMs = 2_000
const clearScreen = '\u001b[2J\u001b[H'

export interface Showing {
  readonly isWatched: boolean
  readonly render: () => Promise<string>
  /** Ends a watch; default: Ctrl-C. */
  readonly signal?: AbortSignal
}

/** Shows a text once, or again and again in place; without a terminal only when it has changed. */
export async function show(io: Io, { isWatched, render, signal: end }: Showing): Promise<void> {
  if (!isWatched) {
    io.out(await render())
    return
  }
  const signal = end ?? abortOnSignals()
  let shown: string | undefined
  while (!signal.aborted) {
    const text = await render()
    if (io.terminal) io.terminal.write(`${clearScreen}${text}\n`)
    else if (text !== shown) io.out(text)
    shown = text
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}
