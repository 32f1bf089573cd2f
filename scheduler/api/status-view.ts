import { z } from 'zod'
import type { QueueSize } from '../queue/queue.ts'
import type { SeenProcess } from '../store/heartbeats.ts'
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

export const statusView = z
  .object({
    version: z.string(),
    ready: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
    processes: z.array(processView),
    queues: z.object({ forecast: queueView, detect: queueView }),
  })
  .meta({ id: 'Status' })
export type StatusView = z.output<typeof statusView>

export function viewProcess(seen: SeenProcess): z.output<typeof processView> {
  const { name, role, version, url, startedMs, seenMs, isAlive } = seen
  return { name, role, version, url, startedAt: toInstant(startedMs), lastSeenAt: toInstant(seenMs), alive: isAlive }
}

export function viewQueue({ waiting, delayed, active, nextWaitMs }: QueueSize): z.output<typeof queueView> {
  return { waiting, delayed, active, oldestWaitSeconds: nextWaitMs / 1_000 }
}
