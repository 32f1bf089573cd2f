import type { WorkerMetrics } from './attempt.ts'
import type { Metrics } from './metrics.ts'
import type { TickMetrics } from './plan-due.ts'
import type { PlannerOptions } from './planner.ts'

const tickMetrics = ({ ticks, tickLag }: Metrics): TickMetrics => ({
  tick(flow, outcome, lagMs) {
    ticks.inc({ flow, outcome })
    tickLag.observe({ flow }, lagMs / 1_000)
  },
})

export function workerMetrics(metrics: Metrics): WorkerMetrics {
  return {
    ...tickMetrics(metrics),
    attempt(flow, seconds, error) {
      metrics.runDuration.observe({ flow }, seconds)
      if (error !== undefined) metrics.failedAttempts.inc({ flow, code: error })
    },
    run: (flow, result) => metrics.runs.inc({ flow, result }),
  }
}

export function plannerMetrics(metrics: Metrics, onLeader: (isLeader: boolean) => void): PlannerOptions['metrics'] {
  return {
    ...tickMetrics(metrics),
    lostRun: (flow) => metrics.runs.inc({ flow, result: 'lost' }),
    leader(isLeader) {
      metrics.plannerLeader.set(isLeader ? 1 : 0)
      onLeader(isLeader)
    },
    dueOldest: (waitedMs) => metrics.dueOldest.set(waitedMs / 1_000),
  }
}
