import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { createRunLimits } from '../../scheduler/queue/run-limits.ts'
import { type RunJob, runIds } from '../../scheduler/queue/runs.ts'
import { createLimitStore, type Limit, type LimitStore } from '../../scheduler/store/limit-store.ts'
import { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

const real = realRedis()
const clock = { now: () => Date.now() }
const { queue: openQueue, worker: startWorker } = runWorkers(real, clock)
const flow: Limit = { name: 'flow:detect', most: 2 }
const tenant: Limit = { name: 'tenant:red', most: 1 }

const job = (n: number, fields: Partial<RunJob> = {}): RunJob => ({
  ...{ runId: runIds.trigger('default', 'probe', n), kind: 'trigger', flow: 'detect', tenant: 'default', mission: '' },
  ...{ nominalMs: n, bandKey: '', enqueuedMs: Date.now(), scheduleId: 'probe', task: { flow: 'noop', params: {} } },
  ...fields,
})

const by = (token: string, worker = 'w1') => ({ token, worker })
const tokens = async (store: LimitStore, name: string) => (await store.places(name)).map(({ token }) => token).sort()

function limits(leaseMs: number, found: readonly Limit[]) {
  const store = createLimitStore(real.redis, leaseMs)
  const onError = vi.fn()
  return {
    store,
    onError,
    limits: createRunLimits({ store, worker: 'w1', limitsOf: async () => found, renewMs: leaseMs / 3, onError }),
  }
}

test('all limits or none are taken; the same run counts once', async () => {
  const store = createLimitStore(real.redis, 60_000)
  expect(await store.take([flow, tenant], by('a'))).toBeUndefined()
  expect(await store.take([flow, tenant], by('a'))).toBeUndefined()
  expect(await store.take([flow, tenant], by('b'))).toBe(tenant)
  expect(await tokens(store, 'flow:detect')).toEqual(['a'])
  expect(await store.take([flow], by('b'))).toBeUndefined()
  expect(await store.take([flow], by('c'))).toBe(flow)
  await store.release([flow, tenant], by('a'))
  expect(await store.take([flow], by('c'))).toBeUndefined()
  expect(await tokens(store, 'flow:detect')).toEqual(['b', 'c'])
})

test('a lease that nobody renews runs out, one that is renewed lasts', async () => {
  const { store, limits: runLimits, onError } = limits(600, [tenant])
  await store.take([tenant], by('of a killed worker'))
  expect(await runLimits.hold(job(1))).toBe('full')
  await sleep(700)
  const hold = await runLimits.hold(job(1))
  await sleep(1_500)
  expect(await runLimits.hold(job(2))).toBe('full')
  if (hold === undefined || hold === 'full') throw new Error('no place')
  await hold.release()
  const next = await runLimits.hold(job(2))
  if (next === undefined || next === 'full') throw new Error('no place')
  // else it is renewed in the tests that follow
  await next.release()
  expect(onError).not.toHaveBeenCalled()
})

test('workers never run more at once than the limit, and in the end all of them', async () => {
  const { queue } = openQueue()
  let atWork = 0
  let most = 0
  const ran = new Set<number>()
  for (const name of ['w1', 'w2'])
    startWorker(
      async ({ nominalMs }) => {
        most = Math.max(most, ++atWork)
        await sleep(100)
        atWork--
        ran.add(nominalMs)
        return {}
      },
      { name, limits: limits(5_000, [flow]).limits },
    )
  await queue.enqueue(Array.from({ length: 8 }, (_, n) => ({ job: job(n), priority: 1 })))
  await vi.waitFor(() => expect([...ran].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]), { timeout: 20_000 })
  expect(most).toBe(2)
  await expect.poll(() => tokens(createLimitStore(real.redis, 5_000), 'flow:detect')).toEqual([])
})

test('a run that waits for a place past its deadline expires', async () => {
  const { queue, runs } = openQueue()
  const { limits: full, store } = limits(60_000, [tenant])
  await store.take([tenant], by('another'))
  const ran: number[] = []
  const { worker } = startWorker(async ({ nominalMs }) => ({ ran: ran.push(nominalMs) }), { limits: full })
  const late = job(1, { startDeadlineMs: 300 })
  await queue.enqueue([{ job: late, priority: 1 }])
  await expect.poll(() => queue.state('detect', late.runId), { timeout: 10_000 }).toBe('completed')
  expect(ran).toEqual([])
  expect(await runs.get(late.runId)).toBeUndefined()
  expect(worker.health().active).toBe(0)
})

test('places tell their run, worker, since when and how long they last; those that ran out are none', async () => {
  const store = createLimitStore(real.redis, 60_000)
  const beforeMs = Date.now()
  await createLimitStore(real.redis, 1).take([flow], by('dead'))
  await sleep(5)
  await store.take([flow, tenant], by('a', 'worker two'))
  const [place, ...others] = await store.places('flow:detect')
  expect(others).toEqual([])
  expect(place).toMatchObject({ token: 'a', worker: 'worker two' })
  expect(place?.leaseLeftMs).toBeGreaterThan(50_000)
  expect(place?.sinceMs).toBeGreaterThanOrEqual(beforeMs)
  expect(await store.inUse(['flow:detect', 'tenant:red', 'datasource:main'])).toEqual([1, 1, 0])
  expect(await real.redis.hkeys('{at}:limit:flow:detect:held')).toEqual(['a'])
})

test('a place of an earlier release, that says nothing of its worker, counts and can be freed', async () => {
  const store = createLimitStore(real.redis, 60_000)
  await real.redis.zadd('{at}:limit:tenant:red', Date.now() + 60_000, 'old')
  expect(await store.take([tenant], by('new'))).toBe(tenant)
  expect(await store.places('tenant:red')).toEqual([{ token: 'old', leaseLeftMs: expect.any(Number) }])
  expect(await store.free('tenant:red', 'old')).toBe(true)
  expect(await store.take([tenant], by('new'))).toBeUndefined()
})

test('a place that was freed stays free though its worker renews it, until the run begins once more', async () => {
  const store = createLimitStore(real.redis, 60_000)
  await store.take([tenant], by('a'))
  expect(await store.free('tenant:red', 'a')).toBe(true)
  expect(await store.free('tenant:red', 'a')).toBe(false)
  await store.renew([tenant], by('a'))
  expect(await tokens(store, 'tenant:red')).toEqual([])
  expect(await store.take([tenant], by('b'))).toBeUndefined()
  await store.release([tenant], by('b'))
  expect(await store.take([tenant], by('a'))).toBeUndefined()
  await store.renew([tenant], by('a'))
  expect(await tokens(store, 'tenant:red')).toEqual(['a'])
})

test('a worker that lost its run does not give the place of the next worker back', async () => {
  const store = createLimitStore(real.redis, 60_000)
  await store.take([tenant], by('a', 'hung'))
  await store.take([tenant], by('a', 'next'))
  await store.release([tenant], by('a', 'hung'))
  expect(await store.places('tenant:red')).toMatchObject([{ token: 'a', worker: 'next' }])
  await store.release([tenant], by('a', 'next'))
  expect(await store.places('tenant:red')).toEqual([])
})
