import { expect, test } from 'vitest'
import {
  addLosses,
  decodeRecord,
  encodeRecord,
  judgedLevels,
  judgedPaths,
  membersTag,
} from '../../../models/auto/record.ts'

const record = {
  ...{ originMs: 1_764_000_000_000, stepMs: 60_000, weight: 12.5, losses: [1, Number.NaN, 3] },
  model: { levels: judgedLevels, quantiles: Float64Array.of(-1, 0, 1, 2, 3, 4).map((value) => 1e9 + value), steps: 2 },
}

const members = [{ name: 'network', revision: 'a1' }, { name: 'theta' }, { name: 'naive' }]
const tag = membersTag(members)

test('a record comes back as it was, wherever its bytes lie', () => {
  const bytes = encodeRecord(record, tag)
  const moved = new Uint8Array(bytes.length + 3)
  moved.set(bytes, 3)
  expect(decodeRecord(moved.subarray(3), tag, 3)).toEqual(record)
})

test('bytes of another length or number of members are no record', () => {
  const bytes = encodeRecord(record, tag)
  expect(decodeRecord(bytes, tag, 4)).toBeUndefined()
  expect(decodeRecord(bytes.subarray(1), tag, 3)).toBeUndefined()
  expect(decodeRecord(new Uint8Array(), tag, 3)).toBeUndefined()
  expect(decodeRecord(new Uint8Array(bytes.length), tag, 3)).toBeUndefined()
})

test.each([
  { others: 'other weights', left: [{ name: 'network', revision: 'b2' }, ...members.slice(1)] },
  { others: 'another member', left: [...members.slice(0, 2), { name: 'ets' }] },
  { others: 'another order', left: members.toReversed() },
])('what $others left is no record', ({ left }) => {
  expect(decodeRecord(encodeRecord(record, membersTag(left)), tag, 3)).toBeUndefined()
})

test.each([
  ['weight', { weight: Number.NaN }],
  ['weight', { weight: Number.POSITIVE_INFINITY }],
  ['weight', { weight: -1 }],
  ['origin', { originMs: Number.NaN }],
])('a damaged %s would go on from record to record, so it is no record', (_, damage) => {
  expect(decodeRecord(encodeRecord({ ...record, ...damage }, tag), tag, 3)).toBeUndefined()
})

test('an hour of minutes is kept, 840 bytes', () => {
  const quantiles = new Float64Array(5 * 300)
  const median = new Float64Array(300)
  const paths = judgedPaths({ levels: [0.005, 0.1, 0.5, 0.9, 0.995], quantiles, median })
  expect(paths.steps).toBe(64)
  expect(encodeRecord({ ...record, losses: [1, 2, 3, 4], model: paths }, tag)).toHaveLength(840)
})

test('the judged levels are taken from among others', () => {
  const quantiles = Float64Array.from([0.005, 0.1, 0.5, 0.9].flatMap((level) => [level, level + 10]))
  const { quantiles: judged } = judgedPaths({ levels: [0.005, 0.1, 0.5, 0.9], quantiles, median: new Float64Array(2) })
  expect(Array.from(judged)).toEqual([0.1, 10.1, 0.5, 10.5, 0.9, 10.9])
})

test('what is a day old counts half, and a member without a loss is judged anew', () => {
  const before = { weight: 10, losses: [1, Number.NaN] }
  expect(addLosses(before, { weight: 5, losses: [4, 7] }, 86_400_000)).toEqual({ weight: 10, losses: [2.5, 7] })
  expect(addLosses(before, { weight: 0, losses: [Number.NaN, 1] }, 86_400_000)).toBe(before)
  const huge = { weight: 10, losses: [1, Number.POSITIVE_INFINITY] }
  expect(addLosses(huge, { weight: 5, losses: [4, 7] }, 86_400_000)).toEqual({ weight: 10, losses: [2.5, 7] })
  expect(addLosses({ weight: 0, losses: [Number.NaN] }, { weight: 3, losses: [2] }, 1)).toEqual({
    ...{ weight: 3, losses: [2] },
  })
})
