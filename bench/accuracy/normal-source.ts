export interface NormalSource {
  /** In [0, 1). */
  uniform(): number
  /** Of deviation 1. */
  normal(): number
}

/** The same numbers for the same seed, on every machine (mulberry32). */
export function normalSource(seed: number): NormalSource {
  let state = seed | 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  // Box and Muller's transform; 1 - u is never zero
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) }
}
