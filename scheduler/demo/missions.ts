import type { MissionDocument } from '../missions/document/document.ts'

/** Grid of the scores. */
export const detectStepMs = 10_000

export interface DemoSources {
  /** The store scrapes itself, and us. */
  readonly scrapes: boolean
  readonly machine: boolean
  /** How old samples must be to count as complete. */
  readonly evalDelay: string
}

/** What the demo watches: the shop of the generator, and where they are scraped the store, ourselves and the machine. */
export function demoMissions({ scrapes, machine, evalDelay }: DemoSources): MissionDocument[] {
  const common = { evalDelay, detect: { every: '10s' }, owner: 'demo' } as const
  // of its own metrics a new store knows no past: the first hour is for learning, and starting up is no incident
  const young = { ...common, step: '1m', minPoints: 60, minRelativeDeviation: 0.5 }
  const shop: MissionDocument[] = [
    { id: 'demo-requests', query: 'shop_requests_per_second', ...common },
    { id: 'demo-latency', query: 'shop_latency_seconds', direction: 'above', ...common },
    { id: 'demo-cpu', query: 'shop_cpu_usage_ratio', ...common },
    { id: 'demo-errors', query: 'shop_error_ratio', direction: 'above', ...common },
    { id: 'demo-queue', query: 'shop_queue_depth', direction: 'above', ...common },
  ]
  const own: MissionDocument[] = [
    { id: 'demo-store', query: 'sum(rate(vm_rows_inserted_total[1m]))', ...young },
    { id: 'demo-platform', query: 'sum(process_resident_memory_bytes{job="anomaly-times"})', ...young },
  ]
  const host: MissionDocument = {
    id: 'demo-machine',
    query: '1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m]))',
    ...young,
  }
  return [...shop, ...(scrapes ? own : []), ...(scrapes && machine ? [host] : [])]
}
