import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createCoreSlots } from '../../../../models/chronos/inference/core-slots.ts'

test('as many compute as there are cores, in the order in which they asked', async () => {
  const slots = createCoreSlots(2)
  const started: string[] = []
  const ask = (name: string, cores: number) =>
    slots.take(cores).then((giveBack) => {
      started.push(name)
      return giveBack
    })
  const first = await ask('first', 1)
  const wide = ask('wide', 2)
  const late = ask('late', 1)
  await turn()
  // one core is free, but the wide one came first
  expect(started).toEqual(['first'])
  expect(slots.contended).toBe(true)
  first()
  ;(await wide)()
  ;(await late)()
  expect(started).toEqual(['first', 'wide', 'late'])
  expect(slots.contended).toBe(false)
})

test('who wants more than there is gets all', async () => {
  const slots = createCoreSlots(2)
  const giveBack = await slots.take(8)
  let isStarted = false
  const next = slots.take(1).then(() => {
    isStarted = true
  })
  await turn()
  expect(isStarted).toBe(false)
  giveBack()
  await next
})
