import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createForecasters } from '../../models/registry.ts'
import { executeRuns } from '../../scheduler/execution/execute-run.ts'
import type { ExecutionDeps } from '../../scheduler/execution/ports.ts'
import type { MissionService } from '../../scheduler/missions/contract.ts'
import type { MissionDocument } from '../../scheduler/missions/document/document.ts'
import { resolveStored } from '../../scheduler/missions/document/resolve.ts'
import type { MissionServiceDeps } from '../../scheduler/missions/mission-deps.ts'
import { createHealthRecorder } from '../../scheduler/missions/mission-health.ts'
import { createMissionService } from '../../scheduler/missions/mission-service.ts'
import { planDue } from '../../scheduler/planning/plan-due.ts'
import { createRunQueue } from '../../scheduler/queue/queue.ts'
import type { FlowName, RunJob, RunRecord } from '../../scheduler/queue/runs.ts'
import { createWorker, type RunWorker } from '../../scheduler/queue/worker.ts'
import { startRedis, startVictoriaMetrics } from '../../scheduler/stack/servers.ts'
import { createHealthStore } from '../../scheduler/store/missions/health-store.ts'
import { createMarksStore } from '../../scheduler/store/missions/marks-store.ts'
import { createMissionStore } from '../../scheduler/store/missions/mission-store.ts'
import { requestLog } from '../../scheduler/store/missions/request-log.ts'
import { createScheduleStore } from '../../scheduler/store/ticks/schedule-store.ts'
import { createForecastCache } from '../../tasks/cache/forecast-cache.ts'
import type { SampleBlock, SeriesWriter, WriteReport } from '../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createQueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { createRemoteWriter } from '../../tasks/prometheus/write/remote-write-client.ts'
import { type SimClock, simClock } from './sim-clock.ts'
import { startMs, writeLoad } from './world.ts'

/** What a scenario may break; each is called before the real thing and may throw. */
export interface Faults {
  beforeRun?: (job: RunJob) => void
  beforeClaim?: () => void
  /** Stands in for a write; `real` sends. */
  write?: (blocks: readonly SampleBlock[], real: SeriesWriter['write']) => Promise<WriteReport>
}

export interface Lab {
  readonly clock: SimClock
  readonly service: MissionService
  readonly redis: Redis
  readonly storeUrl: string
  readonly missionDeps: MissionServiceDeps
  readonly faults: Faults
  /** Every end of an attempt, in order. */
  readonly ended: { readonly record: RunRecord; readonly job: RunJob }[]
  /** Lets time pass from one due instant to the next; what is due has ended before time goes on. */
  advanceTo(untilMs: number): Promise<void>
  /** Waits until no run waits or works. */
  settle(): Promise<void>
  put(document: MissionDocument): Promise<void>
  close(): Promise<void>
}

export interface LabOptions {
  /** Whether the store is said to take future samples. */
  readonly futureWrites: 'native' | 'deferred'
  /** Whether it is said to take old samples; default: with a native band. */
  readonly takesOldSamples?: boolean
  /** When the clock begins; default: that of the scenarios. */
  readonly fromMs?: number
  /** Fills the store before anything runs; default: the load of the scenarios. */
  readonly fill?: (storeUrl: string) => Promise<void>
}

/** The real planner, queue, workers, stores, Redis and VictoriaMetrics, on a clock of the scenario's own. */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { futureWrites, takesOldSamples = futureWrites === 'native', fromMs = startMs, fill = writeLoad } = options
  const dir = mkdtempSync(join(tmpdir(), 'at-lab-'))
  const [redisServer, store] = await Promise.all([
    startRedis({ dir, extraArgs: ['--appendonly', 'no'] }),
    startVictoriaMetrics({ dir }),
  ])
  await fill(store.url)
  const connect = () => new Redis(redisServer.url, { maxRetriesPerRequest: null })
  const redis = connect()
  const clock = simClock(fromMs)
  const faults: Faults = {}
  const ended: Lab['ended'] = []
  const parts = openParts({ redis, clock, faults, storeUrl: store.url, futureWrites, takesOldSamples })
  const workers = (['forecast', 'detect'] as const).map((flow) =>
    openWorker(flow, { parts, redis, connect, clock, ended }),
  )
  await Promise.all(workers.map((worker) => worker.ready()))
  const settle = () => settled(parts.queue)
  const ticks = { tick: () => undefined }
  return {
    ...{ clock, redis, faults, ended, settle, storeUrl: store.url },
    service: parts.service,
    missionDeps: parts.missionDeps,
    async advanceTo(untilMs) {
      const { schedules } = parts.missionDeps
      // the start of a tick due at the very end is spread over up to a minute
      for (let dueMs = await schedules.nextDueMs(); dueMs !== undefined && dueMs < untilMs + 60_000; ) {
        clock.set(Math.max(clock.now(), dueMs))
        await planDue({ schedules, queue: parts.queue, metrics: ticks }, clock.now())
        await settle()
        dueMs = await schedules.nextDueMs()
      }
      clock.set(Math.max(clock.now(), untilMs))
    },
    async put(document) {
      await parts.service.put('default', document, { actor: 'scenario' })
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close(1_000)))
      await parts.close()
      redis.disconnect()
      await Promise.all([redisServer.stop(), store.stop()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

interface PartsOptions {
  readonly redis: Redis
  readonly clock: SimClock
  readonly faults: Faults
  readonly storeUrl: string
  readonly futureWrites: 'native' | 'deferred'
  readonly takesOldSamples: boolean
}

type Parts = ReturnType<typeof openParts>

function openParts({ redis, clock, faults, storeUrl, futureWrites, takesOldSamples }: PartsOptions) {
  const now = () => clock.now()
  const datasource = resolveDatasource(
    datasourceConfig.parse({ name: 'main', kind: 'victoriametrics', readUrl: storeUrl, futureWrites }),
  )
  const http = datasourceHttp(datasource)
  const bullQueue = createRunQueue({ redis, clock })
  // spread starts would be waited for in real time
  const queue: typeof bullQueue = {
    ...bullQueue,
    enqueue: (requests) => bullQueue.enqueue(requests.map(({ startAtMs: _, ...request }) => request)),
  }
  const forecasters = createForecasters()
  const missionDeps = {
    ...{ queue, clock, cache: createForecastCache({ redis, now }) },
    missions: createMissionStore(redis),
    marks: createMarksStore(redis),
    health: createHealthStore(redis),
    schedules: createScheduleStore(redis),
    settings: {
      datasource: () => datasource,
      defaults: { model: 'auto', fallback: 'seasonal-naive', maxSeries: 1_000 },
      models: forecasters.names,
    },
    checkQuery: async () => ({ isEmpty: false }),
    takesOldSamples: async () => takesOldSamples,
    registrationReachMs: 0,
  } satisfies MissionServiceDeps
  const service = createMissionService(missionDeps)
  const reader = createQueryClient(datasource, http, { now })
  const writer = createRemoteWriter({ datasource, http, futureWrites: futureWrites === 'native', now })
  const execution: ExecutionDeps = {
    ...{ queue, forecasters, now, cache: missionDeps.cache },
    metrics: {
      fallbackUsed: () => undefined,
      inference: () => undefined,
      cacheLookup: () => undefined,
      covariatesMissing: () => undefined,
    },
    mission: (name) => missionDeps.missions.get(name),
    resolve: (mission) => resolveStored(mission, missionDeps.settings),
    takesOldSamples: missionDeps.takesOldSamples,
    datasource: async () => ({
      reader,
      writer: {
        futureWrites: writer.futureWrites,
        write: (blocks, signal) =>
          faults.write ? faults.write(blocks, (sent) => writer.write(sent, signal)) : writer.write(blocks, signal),
      },
    }),
    marks: {
      ...missionDeps.marks,
      async claim(claim) {
        faults.beforeClaim?.()
        return missionDeps.marks.claim(claim)
      },
    },
    requests: requestLog(redis),
    health: createHealthRecorder({ ...missionDeps, service }),
    unscored: () => undefined,
    onError: () => undefined,
  }
  const run = executeRuns(execution)
  return {
    ...{ missionDeps, service, queue },
    execute: async (...[job, control]: Parameters<typeof run>) => {
      faults.beforeRun?.(job)
      return run(job, control)
    },
    async close() {
      await bullQueue.close()
      await http.close()
    },
  }
}

interface WorkerParts {
  readonly parts: Parts
  readonly redis: Redis
  readonly connect: () => Redis
  readonly clock: SimClock
  readonly ended: Lab['ended']
}

function openWorker(flow: FlowName, { parts, redis, connect, clock, ended }: WorkerParts): RunWorker {
  return createWorker({
    ...{ flow, redis, clock, name: `lab.${flow}`, connection: connect(), concurrency: 4, waitMs: 20 },
    execute: parts.execute,
    metrics: { tick: () => undefined, attempt: () => undefined, run: () => undefined },
    onSettled: (record, job) => void ended.push({ record, job }),
  })
}

async function settled(queue: Parts['queue']): Promise<void> {
  const deadline = Date.now() + 20_000
  while (Date.now() < deadline) {
    const sizes = await Promise.all((['forecast', 'detect'] as const).map((flow) => queue.size(flow)))
    if (sizes.every(({ waiting, delayed, active }) => waiting + delayed + active === 0)) return
    await sleep(2)
  }
  throw new Error('runs do not end within 20 s')
}
