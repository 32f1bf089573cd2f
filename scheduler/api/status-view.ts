import { z } from 'zod'
import type { QueueSize } from '../queue/queue-size.ts'
import type { SeenProcess } from '../store/heartbeats.ts'
import type { Fleet } from './deps.ts'
import { instant, toInstant } from './views.ts'

const processView = z
  .object({
    name: z.string(),
    role: z.enum(['scheduler', 'forecast', 'detect']),
    version: z.string(),
    url: z.string().describe('Of /livez, /readyz and /metrics'),
    startedAt: instant,
    lastSeenAt: instant,
    alive: z.boolean(),
  })
  .meta({ id: 'Process' })

const queueView = z
  .object({
    waiting: z.int(),
    delayed: z.int(),
    active: z.int(),
    oldestWaitSeconds: z.number().describe('Age of the job that is next in line'),
  })
  .meta({ id: 'Queue' })

export const checkView = z
  .object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })
  .meta({ id: 'ReadinessCheck' })

export const statusView = z
  .object({
    version: z.string(),
    ready: z.boolean(),
    checks: z.array(checkView).optional(),
    processes: z.array(processView).optional(),
    queues: z.object({ forecast: queueView, detect: queueView, forecastOnce: queueView }).optional(),
  })
  .meta({ id: 'Status' })

/** What runs for all tenants together. */
export async function viewFleet(fleet: Fleet): Promise<Pick<z.output<typeof statusView>, 'processes' | 'queues'>> {
  const [processes, forecast, detect, forecastOnce] = await Promise.all([
    fleet.processes(),
    fleet.queue('forecast'),
    fleet.queue('detect'),
    fleet.queue('forecast-once'),
  ])
  return {
    processes: processes.map(viewProcess),
    queues: { forecast: viewQueue(forecast), detect: viewQueue(detect), forecastOnce: viewQueue(forecastOnce) },
  }
}

function viewProcess(seen: SeenProcess): z.output<typeof processView> {
  const { name, role, version, url, startedMs, seenMs, isAlive } = seen
  return { name, role, version, url, startedAt: toInstant(startedMs), lastSeenAt: toInstant(seenMs), alive: isAlive }
}

function viewQueue({ waiting, delayed, active, nextWaitMs }: QueueSize): z.output<typeof queueView> {
  return { waiting, delayed, active, oldestWaitSeconds: nextWaitMs / 1_000 }
}
