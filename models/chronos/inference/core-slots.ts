export interface CoreSlots {
  /** Waits its turn for so many cores; the result gives them back. More than there are means all. */
  take(cores: number): Promise<() => void>
  /** Whether somebody waits. */
  readonly contended: boolean
}

/** Cores of the process, shared by all models in the order in which they ask, so that wide models are not passed by. */
export function createCoreSlots(total: number): CoreSlots {
  const waiting: { readonly cores: number; readonly start: () => void }[] = []
  let free = total

  const startNext = () => {
    while (waiting[0] && waiting[0].cores <= free) {
      const { cores, start } = waiting.shift()!
      free -= cores
      start()
    }
  }
  return {
    take(wanted) {
      const cores = Math.min(wanted, total)
      return new Promise((resolve) => {
        const start = () =>
          resolve(() => {
            free += cores
            startNext()
          })
        waiting.push({ cores, start })
        startNext()
      })
    },
    get contended() {
      return waiting.length > 0
    },
  }
}
