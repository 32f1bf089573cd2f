// bytes are literals here, 45 - 46 . 48 0 57 9 69 E 101 e: imported names made the hot spot a fifth slower

/** Bytes and the index of the next one to read. */
export interface Cursor {
  bytes: Buffer
  pos: number
}

/** Exact doubles: 10^0 to 10^22. */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const largestScale = 22
// up to here rounding takes far less than 2^31 from the mantissa
const largestMantissa = 1e19

/**
 * Reads the decimal number at the cursor and moves past it: the double that `Number()` gives for the same text, bit for
 * bit. NaN without moving where no number begins.
 */
export function readDecimal(cursor: Cursor): number {
  const { bytes, pos: start } = cursor
  const negative = bytes[start] === 45
  const first = negative ? start + 1 : start
  // nine digits and a point: whole numbers of 32 bits, which most samples are
  const longest = first + 10
  let pos = first
  let point = -1
  let mantissa = 0
  for (; pos < longest; pos++) {
    const digit = bytes[pos]! - 48
    if (digit >= 0 && digit <= 9) mantissa = (Math.imul(mantissa, 10) + digit) | 0
    else if (digit === 46 - 48 && point < 0) point = pos
    else break
  }
  const digits = pos - first - (point < 0 ? 0 : 1)
  if (pos === longest || digits <= 0 || isExponent(bytes[pos]!)) return readLongDecimal(cursor)
  cursor.pos = pos
  // a division of two exact doubles is correctly rounded
  const magnitude = point < 0 ? mantissa : mantissa / powers[pos - point - 1]!
  return negative ? -magnitude : magnitude
}

function readLongDecimal(cursor: Cursor): number {
  const { bytes, pos: start } = cursor
  const negative = bytes[start] === 45
  const first = negative ? start + 1 : start
  let pos = first
  let point = -1
  let mantissa = 0
  // the mantissa modulo 2^32, never rounded
  let low = 0
  for (; ; pos++) {
    const digit = bytes[pos]! - 48
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      low = (Math.imul(low, 10) + digit) | 0
    } else if (digit === 46 - 48 && point < 0) point = pos
    else break
  }
  const digits = pos - first - (point < 0 ? 0 : 1)
  const scale = point < 0 ? 0 : pos - point - 1
  const isShort = digits > 0 && mantissa < largestMantissa && scale <= largestScale && !isExponent(bytes[pos]!)
  const magnitude = isShort ? scaleDown(mantissa, low, powers[scale]!) : Number.NaN
  if (Number.isNaN(magnitude)) return readSlowly(cursor, start)
  cursor.pos = pos
  return negative ? -magnitude : magnitude
}

const isExponent = (byte: number) => byte === 101 || byte === 69

/** mantissa / divisor, correctly rounded; NaN where that cannot be told. */
function scaleDown(mantissa: number, low: number, divisor: number): number {
  // a division of two exact doubles is correctly rounded
  if (mantissa <= Number.MAX_SAFE_INTEGER) return mantissa / divisor
  return divideRounded(mantissa, (low - (mantissa | 0)) | 0, divisor)
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
