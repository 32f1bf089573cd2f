import { expect, test } from 'vitest'
import { assessReadiness } from '../../../scheduler/process/readiness.ts'

test('ready only when every check is content', async () => {
  const fine = { name: 'redis', check: async () => undefined }
  expect(await assessReadiness([fine])).toEqual({ ready: true, checks: [{ name: 'redis', ok: true }] })
  expect(await assessReadiness([])).toEqual({ ready: true, checks: [] })
})

test('a check that complains, throws or hangs says why', async () => {
  const checks = [
    { name: 'planner', check: async () => 'no leader for 20 s' },
    { name: 'redis', check: () => Promise.reject(new Error('connection lost')) },
    { name: 'store', check: () => new Promise<undefined>(() => undefined) },
  ]
  expect(await assessReadiness(checks, 20)).toEqual({
    ready: false,
    checks: [
      { name: 'planner', ok: false, detail: 'no leader for 20 s' },
      { name: 'redis', ok: false, detail: 'connection lost' },
      { name: 'store', ok: false, detail: 'no answer within 20 ms' },
    ],
  })
})
