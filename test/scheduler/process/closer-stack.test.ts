import { expect, test, vi } from 'vitest'
import { closerStack } from '../../../scheduler/process/closer-stack.ts'

function stack() {
  const error = vi.fn()
  return { closers: closerStack({ error }), logged: error, closed: [] as string[] }
}

test('closes the newest first, one after the other, and once', async () => {
  const { closers, closed, logged } = stack()
  const slowly = async (name: string) => {
    closed.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, 5))
    closed.push(`${name} ends`)
  }
  expect(closers.add('first', 'one', slowly)).toBe('one')
  closers.add('second', 'two', slowly)
  await closers.close()
  await closers.close()
  expect(closed).toEqual(['two begins', 'two ends', 'one begins', 'one ends'])
  expect(logged).not.toHaveBeenCalled()
})

test.each([
  {
    name: 'throws',
    why: 'Error: jammed',
    close: () => {
      throw new Error('jammed')
    },
  },
  { name: 'rejects', why: 'Error: jammed', close: () => Promise.reject(new Error('jammed')) },
  { name: 'hangs', why: 'takes longer than 0.01 s', close: () => new Promise(() => undefined) },
])('one that $name is told and keeps no other open', async ({ close, why }) => {
  const { closers, closed, logged } = stack()
  closers.add('first', 'one', (opened) => closed.push(opened))
  closers.add('second', 'two', close, 10)
  closers.add('third', 'three', (opened) => closed.push(opened))
  await expect(closers.close()).rejects.toThrow('could not be closed: second')
  expect(closed).toEqual(['three', 'one'])
  expect(logged.mock.calls).toEqual([[{ what: 'second', why }, 'could not be closed']])
})
