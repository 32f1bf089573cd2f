import { expect, test } from 'vitest'
import type { Io } from '../../../scheduler/cli/command.ts'
import { show } from '../../../scheduler/cli/watch.ts'

function io(isTerminal: boolean) {
  const out: string[] = []
  const drawn: string[] = []
  const write = (text: string | Uint8Array) => drawn.push(String(text)) > 0
  const fake: Io = {
    ...{ out: (text) => void out.push(text), err: () => undefined, environment: {}, readStdin: async () => '' },
    ...(isTerminal && { terminal: { columns: 80, write } }),
  }
  return { fake, out, drawn }
}

test('without --watch it is shown once', async () => {
  const { fake, out } = io(true)
  await show(fake, { isWatched: false, render: async () => 'a table' })
  expect(out).toEqual(['a table'])
})

test.each([
  { isTerminal: true, what: 'in place on a terminal' },
  { isTerminal: false, what: 'where it goes to a file, only when it has changed' },
])(
  'with it again and again, $what',
  async ({ isTerminal }) => {
    const { fake, out, drawn } = io(isTerminal)
    const end = new AbortController()
    let times = 0
    const render = async () => {
      times++
      if (times === 3) end.abort()
      return times < 3 ? 'same' : 'other'
    }
    await show(fake, { isWatched: true, render, signal: end.signal })
    expect(out).toEqual(isTerminal ? [] : ['same', 'other'])
    expect(drawn).toHaveLength(isTerminal ? 3 : 0)
  },
  20_000,
)
