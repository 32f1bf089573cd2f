import { expect, onTestFinished, test } from 'vitest'
import { type FakeApiOptions, fakeApi } from '../../fakes/fake-api.ts'

const apiKeys = ['ann', 'bob'].map((name) => ({ name, key: `key-of-${name}-in-red`, tenant: 'red' }))

async function start(settings: FakeApiOptions['settings']) {
  const app = await fakeApi({ settings: { requestsPerMinute: 3, ...settings } })
  onTestFinished(() => app.close())
  return async (name: string, count: number, url = '/api/v1/missions') => {
    const headers = { authorization: `Bearer key-of-${name}-in-red` }
    const answers = []
    for (let i = 0; i < count; i++) answers.push(await app.inject({ url, headers }))
    return answers
  }
}

test('whoever sends more gets 429 and is told when to come back, and others go on', async () => {
  const send = await start({ apiKeys })
  const answers = [...(await send('ann', 2)), ...(await send('ann', 2, '/api/v1/runs'))]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429])
  expect(answers.at(-1)?.json()).toMatchObject({
    ...{ code: 'RATE_LIMITED', detail: '"ann" has sent 3 requests within a minute' },
    retryAfterMs: expect.any(Number),
  })
  expect(Number(answers.at(-1)?.headers['retry-after'])).toBeGreaterThan(0)
  expect((await send('bob', 1))[0]?.statusCode).toBe(200)
})

test('without keys there is nobody to hold back, and probes are never counted', async () => {
  expect((await (await start({}))('ann', 5)).map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200])
  const probes = await (await start({ apiKeys }))('ann', 5, '/readyz')
  expect(probes.every(({ statusCode }) => statusCode === 200)).toBe(true)
})
