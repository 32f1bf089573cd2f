/** Longer than the echo of one Ctrl-C: the terminal signals the whole group, and npm passes its own on to us. */
const echoMs = 1_000

/**
 * Aborts at the first SIGINT, SIGTERM, SIGHUP or when nobody reads our output any more; a second signal ends the
 * process at once.
 */
export function abortOnSignals(): AbortSignal {
  const ending = new AbortController()
  let firstMs: number | undefined
  const end = () => {
    firstMs ??= Date.now()
    ending.abort()
    if (Date.now() - firstMs > echoMs) process.exit(130)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  for (const output of [process.stdout, process.stderr]) output.on('error', () => ending.abort())
  return ending.signal
}
