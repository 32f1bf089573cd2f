import { expect, test } from 'vitest'
import { createMetrics } from '../../../scheduler/process/metrics.ts'
import {
  collectLateness,
  collectLeader,
  forecastMetrics,
  plannerMetrics,
  timedScores,
  workerMetrics,
} from '../../../scheduler/process/run-metrics.ts'
import type { DetectPlan, RunJob } from '../../../scheduler/queue/runs.ts'

test('ticks, attempts and runs are counted by flow and by how they ended', async () => {
  const metrics = createMetrics()
  const planner = plannerMetrics(metrics)
  planner.tick('detect', 'skipped_overlap', 1_500)
  planner.lostRun('forecast')
  const worker = workerMetrics(metrics)
  worker.attempt('detect', 0.2, 'STORE_BUSY')
  worker.attempt('detect', 0.3)
  worker.run('detect', 'succeeded')
  const onDemand = forecastMetrics(metrics)
  onDemand.attempt(4, 'RUN_CANCELLED')
  onDemand.end('cancelled')
  const text = await metrics.text()
  for (const line of [
    'ticks_total{flow="detect",outcome="skipped_overlap"} 1',
    'tick_lag_seconds_sum{flow="detect"} 1.5',
    'run_failed_attempts_total{flow="detect",code="STORE_BUSY"} 1',
    'run_duration_seconds_count{flow="detect"} 2',
    'runs_total{flow="detect",result="succeeded"} 1',
    'runs_total{flow="forecast",result="lost"} 1',
    'run_duration_seconds_sum{flow="forecast-once"} 4',
    'run_failed_attempts_total{flow="forecast-once",code="RUN_CANCELLED"} 1',
    'runs_total{flow="forecast-once",result="cancelled"} 1',
  ])
    expect(text).toContain(`anomaly_times_${line}\n`)
})

const job: RunJob = {
  ...{ runId: 'r', kind: 'tick', flow: 'detect', tenant: 'default', mission: 'cpu', nominalMs: 60_000, bandKey: 'k' },
  enqueuedMs: 60_000,
}
const plan = (fromMs: number, untilMs: number): DetectPlan => ({
  window: { fromMs, untilMs },
  owners: [],
  payloads: [],
})

test('whether it leads is asked for each scrape', async () => {
  const metrics = createMetrics()
  let leads = true
  collectLeader(metrics, { isLeader: () => leads })
  expect(await metrics.text()).toContain('anomaly_times_planner_leader 1\n')
  leads = false
  expect(await metrics.text()).toContain('anomaly_times_planner_leader 0\n')
})

test('how late planning is, is asked for each scrape', async () => {
  const metrics = createMetrics()
  let dueMs: number | undefined = 2_500
  collectLateness(metrics, { nextDueMs: async () => dueMs }, { now: () => 10_000 })
  expect(await metrics.text()).toContain('anomaly_times_due_oldest_seconds 7.5\n')
  for (dueMs of [12_000, undefined]) expect(await metrics.text()).toContain('anomaly_times_due_oldest_seconds 0\n')
})

test.each([
  { what: 'a tick with steps', run: job, decided: plan(0, 30_000), sum: 45 },
  { what: 'a tick without steps', run: job, decided: plan(30_000, 30_000), sum: 0 },
  {
    what: 'a retry, whose plan is in its job',
    run: { ...job, detectPlan: plan(0, 15_000) },
    decided: undefined,
    sum: 60,
  },
  { what: 'a backfill', run: { ...job, kind: 'backfill' as const }, decided: plan(0, 30_000), sum: 0 },
])('$what waited $sum s for its score', async ({ run, decided, sum }) => {
  const metrics = createMetrics()
  const updated: RunJob[] = []
  const execute = timedScores(
    async (_, { updateJob }) => {
      if (decided) await updateJob({ ...run, detectPlan: decided })
      return { outcome: 'done' }
    },
    metrics,
    { now: () => 75_000 },
  )
  const control = {
    ...{ attempt: 1, signal: new AbortController().signal },
    updateJob: async (next: RunJob) => void updated.push(next),
  }
  expect(await execute(run, control)).toEqual({ outcome: 'done' })
  expect(updated).toHaveLength(decided ? 1 : 0)
  expect(await metrics.text()).toContain(`anomaly_times_score_latency_seconds_sum ${sum}\n`)
})
