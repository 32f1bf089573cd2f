import { ReplyError } from 'ioredis'
import { expect, test } from 'vitest'
import { redisCall } from '../../../scheduler/store/redis-call.ts'

test.each([
  { error: new ReplyError('WRONGTYPE Operation against a key'), code: 'INTERNAL' },
  { error: new ReplyError('ERR Invalid stream ID specified'), code: 'INTERNAL' },
  { error: new ReplyError('LOADING Redis is loading the dataset in memory'), code: 'REDIS_UNAVAILABLE' },
  { error: new ReplyError('OOM command not allowed'), code: 'REDIS_UNAVAILABLE' },
  { error: new ReplyError('ERR Error running script: -OOM command not allowed'), code: 'REDIS_UNAVAILABLE' },
  { error: new ReplyError('ERR max number of clients reached'), code: 'REDIS_UNAVAILABLE' },
  { error: new Error('Connection is closed.'), code: 'REDIS_UNAVAILABLE' },
])('$error is $code', async ({ error, code }) => {
  await expect(redisCall('list runs', Promise.reject(error))).rejects.toMatchObject({
    ...{ code, message: `cannot list runs: ${error.message}` },
  })
})
