/** Seconds by stage of one run. It measures distances only: no instant of a run comes from it. */
export interface Stopwatch {
  time<T>(stage: string, work: () => Promise<T>): Promise<T>
  seconds(): Readonly<Record<string, number>>
}

export function stopwatch(): Stopwatch {
  const seconds: Record<string, number> = {}
  return {
    async time(stage, work) {
      const startedMs = performance.now()
      try {
        return await work()
      } finally {
        seconds[stage] = (seconds[stage] ?? 0) + (performance.now() - startedMs) / 1_000
      }
    },
    seconds: () => ({ ...seconds }),
  }
}
