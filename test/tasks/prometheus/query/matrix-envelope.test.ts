import { expect, test } from 'vitest'
import { readEnvelope } from '../../../../tasks/prometheus/query/matrix-envelope.ts'

const whole = { subject: 'main: up', instant: false, seriesCount: 1, floatCount: 1 }
const read = (members: Record<string, unknown>, changes: Partial<typeof whole> = {}) =>
  readEnvelope({
    ...whole,
    members: new Map(Object.entries({ status: 'success', resultType: 'matrix', ...members })),
    ...changes,
  })

test('a whole answer gives its warnings', () => {
  expect(read({ warnings: ['slow'] })).toEqual(['slow'])
  expect(read({})).toEqual([])
})

test.each([
  { name: 'an error', members: { status: 'error', errorType: 'bad_data', error: 'no' }, code: 'QUERY_FAILED' },
  { name: 'another type', members: { resultType: 'vector' }, code: 'RESPONSE_INVALID' },
  { name: 'a part', members: { isPartial: true }, code: 'RESPONSE_PARTIAL' },
])('$name is $code', ({ members, code }) => {
  expect(() => read(members)).toThrow(expect.objectContaining({ code }))
})

test('series of histograms alone are no panel', () => {
  expect(() => read({}, { floatCount: 0 })).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
})
