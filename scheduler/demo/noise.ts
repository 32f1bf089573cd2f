/** Uniform in [0, 1), the same for the same seed and index for ever. */
function hashUniform(seed: number, index: number): number {
  // the two halves of the index apart: instants in steps outgrow 32 bits
  let h = Math.imul(seed ^ Math.floor(index / 0x1_0000_0000), 0x9e37_79b1) ^ (index >>> 0)
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000
}

/** Near to normal, mean 0 and deviation 1, never beyond 3. */
export function whiteNoise(seed: number, index: number): number {
  let sum = 0
  for (let i = 0; i < 3; i++) sum += hashUniform(seed + i * 7_919, index)
  return (sum - 1.5) * 2
}

/** White noise on a coarse grid, smoothly joined: what drifts rather than jumps. */
export function smoothNoise(seed: number, ms: number, scaleMs: number): number {
  const at = ms / scaleMs
  const index = Math.floor(at)
  const share = (1 - Math.cos(Math.PI * (at - index))) / 2
  return whiteNoise(seed, index) * (1 - share) + whiteNoise(seed, index + 1) * share
}
