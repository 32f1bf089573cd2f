import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchLiveness } from '../../../scheduler/stack/watch-liveness.ts'

let ending: AbortController
let round: number
let deaf: string[]

beforeEach(() => {
  ending = new AbortController()
  round = 0
  deaf = []
})
afterEach(() => ending.abort())

/** Each process answers by its script, a character per round: y, n; its last one goes on. */
function watch(...scripts: string[]): void {
  void watchLiveness({
    watched() {
      round += 1
      return scripts.map((script, pid) => ({
        pid,
        alive: async () => (script[round - 1] ?? script.at(-1)) === 'y',
      }))
    },
    onDeaf: (pid) => deaf.push(`${pid} in round ${round}`),
    ...{ everyMs: 1, patience: 2, signal: ending.signal },
  })
}
const rounds = (count: number) => vi.waitFor(() => expect(round).toBeGreaterThan(count))

test('one that leaves more questions in a row open than its patience is deaf', async () => {
  watch('y', 'yynnny', 'nnynny')
  await rounds(8)
  expect(deaf).toEqual(['1 in round 5'])
})

test('is told again as long as it does not answer', async () => {
  watch('y', 'n')
  await rounds(5)
  expect(deaf.slice(0, 2)).toEqual(['1 in round 3', '1 in round 4'])
})

test('one alone has nobody to be compared with', async () => {
  watch('n')
  await rounds(4)
  expect(deaf[0]).toBe('0 in round 3')
})

test('rounds that none of several answers are the machine’s fault', async () => {
  watch('nnnnnny', 'nnnnnny')
  await rounds(9)
  expect(deaf).toEqual([])
})

test('asks no more once it is over', async () => {
  watch('y')
  await rounds(2)
  ending.abort()
  const asked = round
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(round).toBe(asked)
})
