// bytes are literals here, 45 - 46 . 48 0 57 9 69 E 101 e: imported names made the hot spot a fifth slower

/** Bytes and the index of the next one to read. */
export interface Cursor {
  bytes: Buffer
  pos: number
  /** Where the decimal point of the number that is read was, -1 before. */
  point: number
}

/** Exact doubles: 10^0 to 10^22. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const largestScale = 22

/**
 * Reads the decimal number at the cursor and moves past it: the double that `Number()` gives for the same text, bit for
 * bit. NaN without moving where no number begins.
 */
export function readDecimal(cursor: Cursor): number {
  const start = cursor.pos
  const { bytes } = cursor
  const negative = bytes[start] === 45
  if (negative) cursor.pos++
  const first = cursor.pos
  cursor.point = -1
  if (bytes[first] === 48) skipZeros(cursor)
  // the digits as two integers of nine, so that the loop is plain int32 arithmetic
  const high = readNine(cursor)
  const middle = cursor.pos
  const low = goesOn(cursor) ? readNine(cursor) : 0
  const { pos, point } = cursor
  const scale = point < 0 ? 0 : pos - point - 1
  if (pos - first === (point < 0 ? 0 : 1) || scale > largestScale || goesOn(cursor) || hasExponent(cursor)) {
    return readSlowly(cursor, start)
  }
  const lowDigits = pos - middle - (point >= middle ? 1 : 0)
  const magnitude = lowDigits === 0 ? high / powers[scale]! : combine(high, low, lowDigits, scale)
  if (Number.isNaN(magnitude)) return readSlowly(cursor, start)
  return negative ? -magnitude : magnitude
}

function goesOn({ bytes, pos, point }: Cursor): boolean {
  const byte = bytes[pos]!
  return (byte >= 48 && byte <= 57) || (byte === 46 && point < 0)
}

const hasExponent = ({ bytes, pos }: Cursor) => bytes[pos] === 101 || bytes[pos] === 69

/** Zeros in front need none of the nine digits. */
function skipZeros(cursor: Cursor): void {
  const { bytes } = cursor
  cursor.pos++
  if (bytes[cursor.pos] === 46) cursor.point = cursor.pos++
  while (bytes[cursor.pos] === 48) cursor.pos++
}

/** Reads up to nine digits and at most one decimal point among them. */
function readNine(cursor: Cursor): number {
  const { bytes } = cursor
  let { pos } = cursor
  let value = 0
  for (let left = 9; left > 0; pos++) {
    const digit = bytes[pos]! - 48
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      left--
    } else if (digit === 46 - 48 && cursor.point < 0) cursor.point = pos
    else break
  }
  cursor.pos = pos
  return value
}

/** (high * 10^lowDigits + low) / 10^scale, correctly rounded; NaN where that cannot be told. */
function combine(high: number, low: number, lowDigits: number, scale: number): number {
  const mantissa = high * powers[lowDigits]! + low
  // a division of two exact doubles is correctly rounded
  if (mantissa <= Number.MAX_SAFE_INTEGER) return mantissa / powers[scale]!
  // what rounding took from the mantissa: the difference is small, so its low 32 bits are enough
  const lost = (Math.imul(high, powers[lowDigits]!) + low - (mantissa | 0)) | 0
  return divideRounded(mantissa, lost, powers[scale]!)
}

/** (a + b) / divisor for |b| far below |a|; NaN where it is too close to the middle between two doubles. */
function divideRounded(a: number, b: number, divisor: number): number {
  const quotient = a / divisor
  const remainder = a - quotient * divisor - productError(quotient, divisor)
  const rest = (remainder + b) / divisor
  // far more than the error of `rest`, far less than half the distance between two doubles
  const doubt = quotient * 2 ** -95
  const value = quotient + rest
  return quotient + (rest - doubt) === value && quotient + (rest + doubt) === value ? value : Number.NaN
}

/** a * b minus its rounded product, exactly (Dekker). */
function productError(a: number, b: number): number {
  const aHigh = upperHalf(a)
  const bHigh = upperHalf(b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  return aHigh * bHigh - a * b + aHigh * bLow + aLow * bHigh + aLow * bLow
}

/** The upper 26 bits of a double's mantissa. */
function upperHalf(value: number): number {
  const shifted = value * 134_217_729
  return shifted - (shifted - value)
}

const decimal = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y

function readSlowly(cursor: Cursor, start: number): number {
  cursor.pos = start
  // the longest double written out in full, as VictoriaMetrics does, has 1,077 characters
  const text = cursor.bytes.toString('latin1', start, start + 1_100)
  decimal.lastIndex = 0
  const match = decimal.exec(text)
  if (!match) return Number.NaN
  cursor.pos += match[0].length
  return Number(match[0])
}
