import { expect, test } from 'vitest'
import { findMissingRuns } from '../../../tasks/band/find-missing-runs.ts'
import type { PayloadMeta } from '../../../tasks/deps.ts'

const owned = (nominalMs: number) => ({ fromMs: nominalMs + 10, untilMs: nominalMs + 110 })
const owners = [0, 100, 200, 300].map((nominalMs) => ({ nominalMs, owned: owned(nominalMs) }))

const kept = (nominalMs: number, fields: Partial<PayloadMeta> = {}): PayloadMeta => ({
  ...{ bandKey: 'k1', scopeKey: 's1', kind: 'run', nonce: 'n', model: 'flat', seriesCount: 1 },
  ...{ nominalMs, startMs: nominalMs, stepMs: 10, horizon: 64, owned: owned(nominalMs), published: owned(nominalMs) },
  ...fields,
})

const unpublished = (nominalMs: number): PayloadMeta => {
  const { published: _, ...rest } = kept(nominalMs)
  return rest
}

test.each([
  { when: 'all owners are there', payloads: [kept(200), kept(100)], missing: [] },
  { when: 'one is not', payloads: [kept(100)], missing: [200] },
  { when: 'none is', payloads: [], missing: [100, 200] },
  { when: 'one is of another query', payloads: [kept(200, { scopeKey: 's0' }), kept(100)], missing: [200] },
  { when: 'one is a join only', payloads: [kept(200, { kind: 'join' }), kept(100)], missing: [200] },
  { when: 'one is not published', payloads: [kept(200), unpublished(100)], missing: [100] },
  { when: 'the newest is of an older key', payloads: [kept(200, { bandKey: 'k0' }), kept(100)], missing: [200] },
  { when: 'an earlier one is of an older key', payloads: [kept(200), kept(100, { bandKey: 'k0' })], missing: [] },
])('$when: asks for $missing', ({ payloads, missing }) => {
  const request = { gridMs: [200, 210, 220], scopeKey: 's1', bandKey: 'k1', owners, payloads, futureWrites: true }
  expect(findMissingRuns(request)).toEqual(missing)
})

test('a deferred store has nothing to publish ahead', () => {
  const request = { gridMs: [220], scopeKey: 's1', bandKey: 'k1', owners, futureWrites: false }
  expect(findMissingRuns({ ...request, payloads: [unpublished(200)] })).toEqual([])
})

test('owners of steps that are not needed are left alone', () => {
  const request = { gridMs: [], scopeKey: 's1', bandKey: 'k1', owners, payloads: [], futureWrites: true }
  expect(findMissingRuns(request)).toEqual([])
})
