import { expect, onTestFinished, test, vi } from 'vitest'
import type { CancelRequest } from '../../../scheduler/queue/runs.ts'
import { watchCancels } from '../../../scheduler/queue/watch-cancels.ts'

const request: CancelRequest = { actor: 'ops', reason: 'wrong model', atMs: 1 }

function start() {
  const wishes = new Map<string, CancelRequest>()
  const asked: string[][] = []
  const errors: string[] = []
  const redis = { isAway: false }
  const watch = watchCancels({
    cancels: {
      async requested(ids) {
        asked.push([...ids])
        if (redis.isAway) throw new Error('away')
        return ids.map((id) => wishes.get(id))
      },
    },
    onError: ({ message }) => void errors.push(message),
    everyMs: 5,
  })
  onTestFinished(() => watch.stop())
  return { watch, wishes, asked, errors, redis }
}

test('a run at work hears that somebody wants its end, once, and the others go on', async () => {
  const { watch, wishes } = start()
  const [a, b] = [watch.begin('a'), watch.begin('b')]
  wishes.set('a', request)
  await vi.waitFor(() => expect(a.signal.aborted).toBe(true))
  expect(a.signal.reason).toMatchObject({ code: 'RUN_CANCELLED', message: 'run a was cancelled by ops: wrong model' })
  expect([a.request(), b.request(), b.signal.aborted]).toEqual([request, undefined, false])
})

test('nobody is asked about runs that have ended, and nothing while none is at work', async () => {
  const { watch, asked } = start()
  watch.begin('a')
  watch.begin('b')
  watch.end('a')
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1))
  expect(new Set(asked.flat())).toEqual(new Set(['b']))
})

test('a wish of the time when Redis was away is heard afterwards', async () => {
  const { watch, wishes, errors, redis } = start()
  redis.isAway = true
  const run = watch.begin('a')
  wishes.set('a', request)
  await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1))
  expect(run.signal.aborted).toBe(false)
  redis.isAway = false
  await vi.waitFor(() => expect(run.request()).toEqual(request))
})
