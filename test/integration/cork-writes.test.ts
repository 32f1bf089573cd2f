import { expect, test, vi } from 'vitest'
import { corkWrites } from '../../scheduler/redis/cork-writes.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()

test('commands of one turn leave in one write, also after a reconnect', async () => {
  const client = real.connect()
  corkWrites(client)
  await client.ping()
  for (let i = 0; i < 2; i++) {
    client.disconnect(true)
    await new Promise((resolve) => client.once('ready', resolve))
    const [one, many] = [vi.spyOn(client.stream, '_write'), vi.spyOn(client.stream, '_writev')]
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => client.echo(`${n}`)))
    expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`))
    expect([one.mock.calls.length, many.mock.calls.length]).toEqual([0, 1])
  }
})
