/**
 * Bucket of a distance key - query, as T5 has it: half of the buckets for each side, of which half are single distances
 * and half widen logarithmically up to `maxDistance`.
 */
export function relativeBucket(distance: number, buckets: number, maxDistance: number): number {
  const perSide = buckets / 2
  const side = distance > 0 ? perSide : 0
  const steps = Math.abs(distance)
  const exact = perSide / 2
  if (steps < exact) return side + steps
  // in float32 as the reference: at the edges (16, 32, 64) rounding decides
  const share = Math.fround(Math.fround(Math.log(Math.fround(steps / exact))) / Math.log(maxDistance / exact))
  const bucket = exact + Math.floor(Math.fround(share * (perSide - exact)))
  return side + Math.min(bucket, perSide - 1)
}
