import { expect, test } from 'vitest'
import { batchLua, luaBatchScript } from '../../scheduler/store/lua.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()

const addScript = luaBatchScript(
  2,
  `local function sum(args) local sum = 0 for _, arg in ipairs(args) do sum = sum + arg end return sum end`,
  `return { KEYS[1], redis.call('INCRBY', KEYS[2], sum(ARGV)) }`,
)

async function evals(): Promise<number> {
  const stats = await real.redis.info('commandstats')
  const count = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  return count('eval') + count('evalsha')
}

test('calls of one turn are one command, and each has its own keys, arguments and answer', async () => {
  const add = batchLua(real.redis, addScript)
  await add(['{lua}:first', '{lua}:sum'], [0])
  const before = await evals()
  const answers = await Promise.all([
    add(['{lua}:a', '{lua}:sum'], [1, 2, 3]),
    add(['{lua}:b', '{lua}:other'], []),
    Promise.resolve().then(() => add(['{lua}:c', '{lua}:sum'], [10])),
  ])
  expect(answers).toEqual([
    ['{lua}:a', 6],
    ['{lua}:b', 0],
    ['{lua}:c', 16],
  ])
  expect((await evals()) - before).toBe(1)
})

test('more calls than one script takes are several commands, in order', async () => {
  const add = batchLua(real.redis, addScript)
  const before = await evals()
  const answers = await Promise.all(Array.from({ length: 250 }, () => add(['{lua}:n', '{lua}:many'], [1])))
  expect(answers.map((answer) => (answer as [string, number])[1])).toEqual(Array.from({ length: 250 }, (_, i) => i + 1))
  expect((await evals()) - before).toBe(3)
})

test('a call that fails fails alone', async () => {
  const add = batchLua(real.redis, addScript)
  await real.redis.set('{lua}:text', 'no number')
  const [failing, other] = [add(['{lua}:a', '{lua}:text'], [1]), add(['{lua}:a', '{lua}:after'], [1])]
  await expect(failing).rejects.toMatchObject({
    ...{ code: 'INTERNAL', message: expect.stringContaining('not an integer') },
  })
  expect(await other).toEqual(['{lua}:a', 1])
})

test('each call of a command that fails hears of it', async () => {
  const add = batchLua(real.redis, luaBatchScript(2, 'no Lua', ''))
  const failing = [add(['{lua}:a', '{lua}:n'], [1]), add(['{lua}:b', '{lua}:n'], [1])]
  for (const call of failing) await expect(call).rejects.toMatchObject({ code: 'INTERNAL' })
})

test('calls of many arguments are several commands, and one of too many is one', async () => {
  const add = batchLua(real.redis, addScript)
  const before = await evals()
  const counts = [4_000, 4_000, 4_000, 150_000, 1]
  const answers = await Promise.all(
    counts.map((count, i) => add(['{lua}:a', `{lua}:${i}`], new Array<number>(count).fill(1))),
  )
  expect(answers).toEqual(counts.map((count) => ['{lua}:a', count]))
  expect((await evals()) - before).toBe(4)
})
