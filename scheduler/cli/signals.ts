/** Longer than the echo of one Ctrl-C: the terminal signals the whole group, and npm passes its own on to us. */
const echoMs = 1_000

/**
 * Aborts at the first SIGINT, SIGTERM, SIGHUP or when nobody reads our output any more; a second signal ends the
 * process at once.
 */
export function abortOnSignals(): AbortSignal {
  const ending = new AbortController()
  let firstMs: number | undefined
  const end = (signal: NodeJS.Signals) => {
    firstMs ??= performance.now()
    ending.abort()
    if (performance.now() - firstMs <= echoMs) return
    // as if nobody listened: process.exit ends threads first, and one that computes makes an abort of it
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  for (const output of [process.stdout, process.stderr]) output.on('error', () => ending.abort())
  return ending.signal
}
