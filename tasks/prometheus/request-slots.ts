/** Lets `count` requests run at a time, the others in the order in which they came. */
export interface RequestSlots {
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

export function requestSlots(count: number): RequestSlots {
  let free = count
  const waiting = new Set<() => void>()

  async function take(signal: AbortSignal | undefined): Promise<void> {
    if (free > 0) {
      free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.delete(enter)
        reject(signal?.reason)
      }
      const enter = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      waiting.add(enter)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  function give(): void {
    const [next] = waiting
    if (!next) {
      free++
      return
    }
    waiting.delete(next)
    next()
  }

  return {
    async run(work, signal) {
      signal?.throwIfAborted()
      await take(signal)
      try {
        return await work()
      } finally {
        give()
      }
    },
  }
}
