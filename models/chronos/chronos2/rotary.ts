/**
 * Rotary position tables [length, width], row-major. The sine of the first half is negative, so that swapping the halves
 * of x is all that is left to do.
 */
export function rotaryTables(length: number, width: number, theta: number) {
  const half = width / 2
  const cos = new Float32Array(length * width)
  const signedSin = new Float32Array(length * width)
  for (let position = 0; position < length; position++) {
    for (let i = 0; i < width; i++) {
      const angle = Math.fround(position * Math.fround(theta ** (-(2 * (i % half)) / width)))
      cos[position * width + i] = Math.cos(angle)
      signedSin[position * width + i] = i < half ? -Math.sin(angle) : Math.sin(angle)
    }
  }
  return { cos, signedSin }
}
