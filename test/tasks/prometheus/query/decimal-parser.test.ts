import { expect, test } from 'vitest'
import { readDecimal } from '../../../../tasks/prometheus/query/decimal-parser.ts'
import { randomSource } from '../../../fakes/random.ts'

/** The value read from `text`, and what is left of it. */
function read(text: string): { value: number; rest: string } {
  const cursor = { bytes: Buffer.from(text), pos: 0 }
  const value = readDecimal(cursor)
  return { value, rest: text.slice(cursor.pos) }
}

test.each([
  ...[
    '0',
    '-0',
    '7',
    '-7',
    '1.5',
    '0.1',
    '100',
    '123456789',
    '1234567890',
    '123456789.123456789',
    '0.000001',
    '5.',
    '.5',
  ],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '9007199254740995', '18014398509481985'],
  ...['0.30000000000000004', '25.601964666666664', '12345.678901234567', '0.0013888888888888889', '999999999999999999'],
  ...['1e3', '1E-7', '-1.5e+300', '1e400', '5e-324', '2.2250738585072011e-308', '1.7976931348623157e308'],
  ...['123456789012345678901234567890', `0.${'0'.repeat(300)}123`, `1${'0'.repeat(308)}`, '00012.50', '+4.25'],
  // in the middle between two doubles: round to even
  ...['9007199254740993.0', '4503599627370497.5', '0.500000000000000166533453693773481063544750213623046875'],
])('%s is what Number() gives', (text) => {
  expect(read(`${text}"`)).toEqual({ value: Number(text), rest: '"' })
})

test.each(['', '"', '-', '.', '-.', 'NaN', '+Inf', 'e5', ',1'])('%j is no number and stays unread', (text) => {
  expect(read(text)).toEqual({ value: Number.NaN, rest: text })
})

test.each([
  { text: '1.2.3', value: 1.2, rest: '.3' },
  { text: '1-2', value: 1, rest: '-2' },
  { text: '1e', value: 1, rest: 'e' },
])('$text ends before $rest', ({ text, value, rest }) => {
  expect(read(text)).toEqual({ value, rest })
})

const random = randomSource(1)
const pick = (limit: number) => Math.floor(random() * limit)
const bits = new DataView(new ArrayBuffer(8))

function anyDouble(): number {
  bits.setUint32(0, pick(2 ** 32))
  bits.setUint32(4, pick(2 ** 32))
  return bits.getFloat64(0)
}

const digitText = (count: number) => Array.from({ length: count }, () => pick(10)).join('')

test.each<{ name: string; text: () => string }>([
  { name: 'doubles of any size', text: () => `${anyDouble()}` },
  { name: 'doubles of 16 and 17 digits', text: () => `${(random() - 0.5) * 10 ** pick(20)}` },
  { name: 'quotients', text: () => `${pick(1e9) / (1 + pick(1e6))}` },
  { name: 'doubles written out in full', text: () => Math.abs(anyDouble() % 1e15).toFixed(pick(30)) },
  { name: 'digits with a point anywhere', text: () => `${digitText(1 + pick(20))}.${digitText(pick(24))}` },
  { name: 'whole numbers', text: () => digitText(1 + pick(22)) },
  { name: 'exponents', text: () => `-${digitText(1 + pick(18))}e${pick(600) - 300}` },
  // half a step between two neighbours, give or take one digit at the end
  { name: 'middles of doubles', text: () => `${BigInt(2 ** 53) + BigInt(pick(2 ** 40)) * 2n + 1n}.${pick(2)}` },
])('reads $name as Number() does', ({ text }) => {
  for (let i = 0; i < 20_000; i++) {
    const written = text()
    if (!/^[-\d.]/.test(written) || !Number.isFinite(Number(written))) continue
    const { value, rest } = read(`${written}"`)
    if (!Object.is(value, Number(written)) || rest !== '"')
      expect({ written, value }).toEqual({ written, value: Number(written) })
  }
})

/** Decimals of 22 places that lie nearest to the middle between two doubles: j * 5^22 + r = 0 (mod 2^b), 2^53 < j < 2^54. */
function nearMiddles(): string[] {
  const power = 5n ** 22n
  const texts: string[] = []
  for (let b = 46; b <= 53; b++) {
    const modulus = 2n ** BigInt(b)
    // Newton: each round doubles the bits that are right
    let inverse = 1n
    for (let bits = 1; bits < b; bits *= 2) inverse = BigInt.asUintN(b, inverse * (2n - inverse * power))
    for (const r of [1n, -1n, 3n, -3n, 5n, -5n]) {
      for (let j = 2n ** 53n + BigInt.asUintN(b, -r * inverse); j < 2n ** 54n; j += modulus) {
        const mantissa = (j * power + r) / modulus
        if (mantissa < 10n ** 18n) texts.push(`0.${`${mantissa}`.padStart(22, '0')}`)
      }
    }
  }
  return texts
}

test('rounds to the right side next to the middle between two doubles', () => {
  const texts = nearMiddles()
  expect(texts.length).toBeGreaterThan(500)
  expect(texts.filter((text) => read(text).value !== Number(text))).toEqual([])
})
