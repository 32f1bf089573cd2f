/** The most characters of a number. */
export const numberWidth = 9

const multiples = [
  { unit: 'T', size: 1e12 },
  { unit: 'G', size: 1e9 },
  { unit: 'M', size: 1e6 },
  { unit: 'k', size: 1e3 },
]

/** Four digits that mean something, fewer where a small one would be wider than nine characters: `116.7M`, `0.000446`. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return '-'
  const rounded = Number(value.toPrecision(4))
  const size = Math.abs(rounded)
  const multiple = size >= 10_000 && size < 1e15 ? multiples.find((one) => size >= one.size) : undefined
  if (multiple) return `${Number((rounded / multiple.size).toPrecision(4))}${multiple.unit}`
  const texts = [4, 3, 2, 1].map((digits) => `${Number(value.toPrecision(digits))}`)
  return texts.find((text) => text.length <= numberWidth && !text.includes('e')) ?? value.toExponential(2)
}

/** Two digits after the point wherever a score is shown; the edge is 1. */
export const scoreText = (score: number | undefined): string =>
  score === undefined || Number.isNaN(score) ? '-' : score.toFixed(2)
