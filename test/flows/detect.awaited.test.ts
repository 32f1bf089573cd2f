import { beforeEach, expect, test } from 'vitest'
import { at, type DetectWorld, detectWorld } from '../fakes/detect-world.ts'

let world: DetectWorld

/** T 10 owns up to 11:10 and has no payload; that of T 11 is there and reaches back to 11:00. */
beforeEach(async () => {
  world = detectWorld()
  await world.keep(11, ['a'])
  world.live('a', at(10, 58), '10x8')
})

const window = { steps: 8 }

test('steps whose forecast is still to come are not passed over for those that a later one serves', async () => {
  const result = await world.run(at(11, 6), { ...window, context: { awaited: [at(10, 0)] } })
  expect(result).toMatchObject({ read: 1, scored: 0, noBand: true, requests: [at(10, 0)] })
  expect(world.deps.store.samples('anomaly_score')).toEqual([])
})

test('steps whose forecast never comes are', async () => {
  const result = await world.run(at(11, 6), window)
  expect(result).toMatchObject({ noBand: false, requests: [at(10, 0)] })
  expect(result.scored).toBeGreaterThan(0)
})

test('a forecast that is awaited for later steps holds nothing up', async () => {
  await world.keep(10, ['a'])
  const result = await world.run(at(11, 6), { ...window, context: { awaited: [at(12, 0)] } })
  expect(result).toMatchObject({ scored: 8, noBand: false, requests: [] })
})
