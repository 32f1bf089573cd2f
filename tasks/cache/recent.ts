/** Keeps what was used last, up to a total weight; the newest stays whatever it weighs. */
export interface Recent<T> {
  get(key: string): T | undefined
  set(key: string, value: T, weight: number): void
}

export function recentlyUsed<T>(maxWeight: number): Recent<T> {
  // a Map iterates in order of insertion: the first is the one unused for longest
  const entries = new Map<string, { value: T; weight: number }>()
  let total = 0
  const remove = (key: string) => {
    total -= entries.get(key)?.weight ?? 0
    entries.delete(key)
  }
  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, weight) {
      remove(key)
      entries.set(key, { value, weight })
      total += weight
      for (const oldest of entries.keys()) {
        if (total <= maxWeight || entries.size === 1) break
        remove(oldest)
      }
    },
  }
}
