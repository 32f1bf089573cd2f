import { expect, test } from 'vitest'
import { AppError } from '../../../models/errors.ts'
import { forEach } from '../../../scheduler/cli/for-each.ts'

const client = { url: '', call: async () => undefined }

function lines() {
  const out: string[] = []
  const err: string[] = []
  const io = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) }
  return { out, err, io: { ...io, environment: {}, readStdin: async () => '' } }
}

test('every id is tried, failures are told beside and make the exit code', async () => {
  const { out, err, io } = lines()
  const exitCode = await forEach(['a', 'b', 'c'], client, io, async (_, id) => {
    if (id === 'b') throw new AppError('NOT_FOUND', 'no such thing')
    return id === 'c' ? { failure: 'has failed' } : 'done'
  })
  expect({ exitCode, out, err }).toEqual({ exitCode: 1, out: ['a: done'], err: ['b: no such thing', 'c: has failed'] })
})

test('an API that is away ends it', async () => {
  const { io } = lines()
  const away = new AppError('API_UNAVAILABLE', 'nothing listens')
  await expect(forEach(['a', 'b'], client, io, async () => Promise.reject(away))).rejects.toBe(away)
})
