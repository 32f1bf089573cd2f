import { afterEach } from 'vitest'
import { runReader } from '../../scheduler/api/run-reader.ts'
import type { Api } from '../../scheduler/api/types.ts'
import { type AdvanceDeps, advanceBackfill } from '../../scheduler/backfills/advance.ts'
import { createBackfillService } from '../../scheduler/backfills/service.ts'
import { type Backfill, isOver } from '../../scheduler/backfills/types.ts'
import type { ExecuteRun, RunJob } from '../../scheduler/queue/runs.ts'
import { createBackfillStore } from '../../scheduler/store/backfills/backfill-store.ts'
import { memoryForecastCache } from '../../tasks/cache/memory-forecast-cache.ts'
import { fakeApi } from '../fakes/fake-api.ts'
import { at, missionStage } from './mission-stage.ts'
import type { realRedis } from './real-redis.ts'
import { runWorkers } from './run-workers.ts'

/** Full hours from noon on. */
export const hour = (hours: number) => at('12:00:00') + hours * 3_600_000
export const time = (hours: number) => new Date(hour(hours)).toISOString()

/** Missions, backfills and their API over a real Redis, on a clock that the test moves; it is 12:20. */
export function backfillStage(real: ReturnType<typeof realRedis>) {
  const stage = missionStage(real)
  const clock = { now: () => stage.nowMs }
  const { queue: openQueue, worker: startWorker } = runWorkers(real, clock)
  let app: Api | undefined
  afterEach(() => app?.close())

  async function scene() {
    const { queue, runs, ticks } = openQueue()
    const { missions, marks, settings } = stage.deps
    const backfills = createBackfillStore(real.redis)
    const reaches: Record<string, number> = { vm: Number.POSITIVE_INFINITY, any: 2 * 3_600_000 }
    const shared = { backfills, missions, settings, clock, backfillReachMs: async (name: string) => reaches[name] ?? 0 }
    const deps: AdvanceDeps = { ...shared, runs, queue, cache: memoryForecastCache() }
    const service = createBackfillService({ ...shared, marks, futureWrites: async (_, name) => name === 'vm' })
    app = await fakeApi({ backfills: service, runs: runReader(runs), ticks, now: clock.now })
    const api = app
    return {
      ...{ stage, service, backfills, queue, runs, deps, app, reaches },
      async call(method: 'GET' | 'POST' | 'DELETE', path = '', body?: object) {
        const url = `/api/v1/backfills${path}`
        const response = await api.inject({ method, url, ...(body && { payload: body }) })
        return { status: response.statusCode, body: response.body === '' ? {} : response.json() }
      },
      get: (id: string) => service.get({ tenant: 'default', id }),
      advance: async (id: string) => advanceBackfill(deps, await service.get({ tenant: 'default', id })),
      /** Until it is over, or until nothing comes of it any more. */
      async toTheEnd(id: string): Promise<Backfill> {
        for (let i = 0; i < 1_000; i++) {
          const found = await service.get({ tenant: 'default', id })
          if (isOver(found) || found.state === 'paused') return found
          await advanceBackfill(deps, found)
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        throw new Error(`backfill ${id} does not end`)
      },
      /** Workers of both pools that tell hour and flow of what they ran, in order. */
      work(execute: ExecuteRun = async () => ({}), concurrency = 4) {
        const ran: string[] = []
        for (const flow of ['forecast', 'detect'] as const) {
          const run: ExecuteRun = async (job, control) => {
            ran.push(told(job))
            return execute(job, control)
          }
          startWorker(run, { flow, concurrency })
        }
        return ran
      },
    }
  }
  return { stage, scene }
}

export const told = ({ kind, flow, mission, nominalMs }: RunJob): string =>
  `${kind === 'backfill' ? '' : `${kind} `}${flow} ${mission} ${(nominalMs - hour(0)) / 3_600_000}`
