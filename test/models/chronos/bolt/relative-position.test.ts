import { expect, test } from 'vitest'
import { relativeBucket } from '../../../../models/chronos/bolt/relative-position.ts'
import { type Goldens, readFixture } from '../goldens.ts'

test('buckets are those of the real library, 700 steps to each side', () => {
  const golden = readFixture<Goldens>('bolt.json').intermediates[0]?.relativePositionBuckets
  expect(golden?.buckets).toHaveLength(1_401)
  expect(golden?.buckets.map((_, i) => relativeBucket(golden.firstOffset + i, 32, 128))).toEqual(golden?.buckets)
})
