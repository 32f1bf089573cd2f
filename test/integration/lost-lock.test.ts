import { expect, test, vi } from 'vitest'
import { keys } from '../../scheduler/store/ticks/schedule-keys.ts'
import { tickJob, tickRequest } from '../fakes/run-jobs.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis()
const { queue: open, worker } = runWorkers(real)

test('a run whose job is another worker’s is told to stop, and leaves its record to the other', async () => {
  const { queue, runs } = open()
  const { runId, ...job } = tickJob(0, { flow: 'forecast' })
  const heard: string[] = []
  const { settled, worker: loser } = worker(
    (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          heard.push(signal.reason.message)
          reject(signal.reason)
        }),
      ),
    { flow: 'forecast' },
  )
  await queue.enqueue([tickRequest({ runId, ...job }, 'latest')])
  await vi.waitFor(async () => expect(await runs.get(runId)).toMatchObject({ state: 'active' }))
  await real.redis.set(`${keys.job('forecast', runId)}:lock`, 'of the other', 'PX', 60_000)
  await vi.waitFor(() => expect(heard).toEqual([`run ${runId} is another worker's now`]), { timeout: 5_000 })
  await vi.waitFor(() => expect(loser.health().active).toBe(0))
  expect(settled).toEqual([])
  expect(await runs.get(runId)).toMatchObject({ state: 'active' })
})
