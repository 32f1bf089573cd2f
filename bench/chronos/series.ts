/** A daily and a weekly wave with noise, every series another; the same for the same seed. */
export function benchSeries(count: number, length: number): Float64Array[] {
  return Array.from({ length: count }, (_, seed) => {
    const next = noise(seed + 1)
    const [day, week, level, spread] = [2 + next() * 8, next() * 4, 50 + next() * 100, 0.5 + next() * 2]
    return Float64Array.from({ length }, (_, i) => {
      const wave = day * Math.sin((2 * Math.PI * i) / 48 + seed) + week * Math.sin((2 * Math.PI * i) / 336)
      return level + wave + spread * (next() + next() + next() - 1.5)
    })
  })
}

/** Even in [0, 1). */
function noise(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
