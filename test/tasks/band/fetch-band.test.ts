import { beforeEach, describe, expect, test } from 'vitest'
import { fetchBand } from '../../../tasks/band/fetch-band.ts'
import type { PayloadMeta } from '../../../tasks/deps.ts'
import { type FakeDeps, fakeDeps } from '../../fakes/fake-deps.ts'
import { fakeOwners, fakePayload, hour, minute } from '../../fakes/fake-payload.ts'

const mission = { tenant: 'default', mission: 'm' }
const series = [{ job: 'a' }]
const request = { stepMs: 5 * minute, scopeKey: 's1', bandKey: 'k1', owners: fakeOwners }

let deps: FakeDeps
let asked: [string, readonly number[]][]

beforeEach(() => {
  const fake = fakeDeps()
  asked = []
  const { bands } = fake.cache
  fake.cache.bands = (name, ref, stepsMs) => {
    asked.push([ref.nonce, stepsMs])
    return bands(name, ref, stepsMs)
  }
  deps = fake
})

async function keep(...nominalsMs: number[]): Promise<PayloadMeta[]> {
  const payloads = nominalsMs.map((nominalMs) => fakePayload(nominalMs, { series }))
  for (const payload of payloads) await deps.cache.keep(mission, payload)
  return payloads.map(({ meta }) => meta)
}

describe('what is fetched', () => {
  test('the two grid steps around a detect step, and no others', async () => {
    const payloads = await keep(10 * hour)
    const { steps } = await fetchBand(deps, mission, { ...request, payloads, stepsMs: [10 * hour + 32 * minute] })
    expect(asked).toEqual([['run-k1-600', [10 * hour + 30 * minute, 10 * hour + 35 * minute]]])
    expect(steps).toMatchObject([{ low: [{ payload: payloads[0] }], high: [{ payload: payloads[0] }], stale: false }])
    expect(deps.metrics.lookups).toEqual({ hits: 1, misses: 0 })
  })

  test('each grid step once for a window of many steps', async () => {
    const payloads = await keep(10 * hour)
    const stepsMs = Array.from({ length: 12 }, (_, i) => 10 * hour + (30 + i) * minute)
    await fetchBand(deps, mission, { ...request, payloads, stepsMs })
    expect(asked).toEqual([['run-k1-600', [30, 35, 40, 45].map((m) => 10 * hour + m * minute)]])
  })

  test('both ends of both owners at a boundary', async () => {
    const payloads = await keep(11 * hour, 10 * hour)
    await fetchBand(deps, mission, { ...request, payloads, stepsMs: [11 * hour + 12 * minute] })
    const ends = [11 * hour + 10 * minute, 11 * hour + 15 * minute]
    expect(asked).toEqual([
      ['run-k1-600', ends],
      ['run-k1-660', ends],
    ])
  })

  test('the payload that the run began with, also when a trigger has replaced it', async () => {
    const payloads = await keep(10 * hour)
    await deps.cache.keep(mission, fakePayload(10 * hour, { series, nonce: 'anew' }))
    const { steps } = await fetchBand(deps, mission, { ...request, payloads, stepsMs: [10 * hour + 32 * minute] })
    expect(steps).toMatchObject([{ low: [{ payload: { nonce: 'run-k1-600' } }] }])
  })

  test('nothing when no payload reaches', async () => {
    const { steps } = await fetchBand(deps, mission, { ...request, payloads: [], stepsMs: [minute] })
    expect(steps).toMatchObject([{ low: [], high: [] }])
    expect(asked).toEqual([])
  })
})

describe('a payload that has gone since it was listed', () => {
  const stepsMs = [11 * hour + 32 * minute]

  test('leaves the step to the next that reaches it', async () => {
    const kept = await keep(11 * hour, 10 * hour)
    deps.cache.flush()
    await keep(10 * hour)
    const { steps, payloads } = await fetchBand(deps, mission, { ...request, payloads: kept, stepsMs })
    expect(steps).toMatchObject([{ stale: true, low: [{ payload: { nominalMs: 10 * hour } }] }])
    expect(payloads.map(({ nominalMs }) => nominalMs)).toEqual([10 * hour])
    expect(deps.metrics.lookups).toEqual({ hits: 1, misses: 1 })
  })

  test('leaves nothing when all have gone', async () => {
    const kept = await keep(11 * hour, 10 * hour)
    deps.cache.flush()
    const { steps, payloads } = await fetchBand(deps, mission, { ...request, payloads: kept, stepsMs })
    expect(steps).toMatchObject([{ low: [], high: [] }])
    expect(payloads).toEqual([])
  })

  test('counts as gone when only its rows are', async () => {
    const kept = await keep(11 * hour)
    deps.cache.bands = async () => new Map()
    const { steps } = await fetchBand(deps, mission, { ...request, payloads: kept, stepsMs })
    expect(steps).toMatchObject([{ low: [], high: [] }])
  })
})
