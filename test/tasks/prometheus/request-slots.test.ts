import { expect, test } from 'vitest'
import { requestSlots } from '../../../tasks/prometheus/request-slots.ts'

/** Work that ends when told. */
function controlled() {
  const started: number[] = []
  const ends = new Map<number, (error?: Error) => void>()
  const work = (id: number) => () =>
    new Promise<number>((resolve, reject) => {
      started.push(id)
      ends.set(id, (error) => (error ? reject(error) : resolve(id)))
    })
  return { started, work, end: (id: number, error?: Error) => ends.get(id)?.(error) }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('runs as many as there are slots, the others in order', async () => {
  const { started, work, end } = controlled()
  const slots = requestSlots(2)
  const all = [1, 2, 3, 4].map((id) => slots.run(work(id)))
  await settle()
  expect(started).toEqual([1, 2])
  end(2)
  await settle()
  expect(started).toEqual([1, 2, 3])
  for (const id of [1, 3]) end(id)
  await settle()
  end(4)
  expect(await Promise.all(all)).toEqual([1, 2, 3, 4])
})

test('work that fails gives its slot back', async () => {
  const slots = requestSlots(1)
  const failing = slots.run(async () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await slots.run(async () => 'next')).toBe('next')
})

test('who waits can leave, and takes no slot', async () => {
  const { started, work, end } = controlled()
  const slots = requestSlots(1)
  const controller = new AbortController()
  const first = slots.run(work(1))
  const leaving = slots.run(work(2), controller.signal)
  const third = slots.run(work(3))
  controller.abort(new Error('enough'))
  await expect(leaving).rejects.toThrow('enough')
  end(1)
  await first
  await settle()
  expect(started).toEqual([1, 3])
  end(3)
  await third
})

test('an aborted signal takes no slot', async () => {
  const slots = requestSlots(1)
  await expect(slots.run(async () => 1, AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
  expect(await slots.run(async () => 2)).toBe(2)
})
