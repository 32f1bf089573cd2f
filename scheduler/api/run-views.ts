import { z } from 'zod'
import { type KnownRun, type RunLogLine, recordStates, runKinds, type ShardReport } from '../queue/runs.ts'
import { summedShards } from '../runs/shard-reports.ts'
import { type Caller, isOperator } from './auth/caller.ts'
import { instant, optionalInstant, toInstant } from './views.ts'

/** What a record can say of a run. */
export const runState = z.enum(recordStates)
const knownState = z.enum(['waiting', 'cancelling', ...recordStates])
const workerName = z.string().optional().describe('Host and process; for the default tenant')

const attemptView = z
  .object({
    attempt: z.int(),
    worker: workerName,
    startedAt: instant,
    endedAt: instant.optional(),
    error: z.string().optional().describe('Code of what ended it'),
  })
  .meta({ id: 'RunAttempt' })

const shardView = z
  .object({
    runId: z.string(),
    part: z.string().describe('Which series'),
    series: z.int().describe('When the run was split'),
    state: z.enum(['waiting', ...recordStates]),
    attempt: z.int().optional(),
    worker: workerName,
    startedAt: instant.optional(),
    endedAt: instant.optional(),
    read: z.int().optional().describe('Series that it found'),
    forecast: z.int().optional().describe('Series that it forecast'),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'RunShard' })

export const runView = z
  .object({
    runId: z.string(),
    kind: z.enum(runKinds),
    flow: z.string().describe('Of a mission: forecast or detect'),
    mission: z.string().optional().describe('Absent for a schedule that no mission has'),
    schedule: z.string().optional().describe('The schedule that made it'),
    nominal: instant.describe('T'),
    state: knownState.describe(
      'waiting: for a worker. active: at work. retrying: waits for another attempt. lost: its worker is gone. cancelling: its worker has not confirmed yet',
    ),
    attempt: z.int().describe('Of the last start; 0 before the first'),
    worker: workerName,
    enqueuedAt: instant.optional(),
    startedAt: instant.optional().describe('Of the last attempt; absent before the first'),
    endedAt: instant.optional(),
    attempts: z.array(attemptView).optional().describe('The last ten, oldest first'),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    cancelled: z.object({ actor: z.string(), reason: z.string(), at: instant }).optional().describe('Who asked for it'),
    shards: z.array(shardView).optional().describe('Of a forecast that was split: its parts, on whatever workers'),
    summary: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('What it did: counts, and `seconds` by task (read, forecast, write ...)'),
  })
  .meta({ id: 'Run' })

/** Hosts are the operator's. */
export function viewRun(run: KnownRun, caller: Caller): z.output<typeof runView> {
  const { runId, kind, state, attempt, nominalMs, mission, scheduleId, taskFlow, flow, error, summary, cancel } = run
  const { startedMs, attempts, shards = summedShards(summary) } = run
  const worker = isOperator(caller) && run.worker ? { worker: run.worker } : {}
  return {
    ...{ runId, kind, state, attempt, flow: taskFlow ?? flow, nominal: toInstant(nominalMs) },
    ...(mission !== '' && { mission }),
    ...(scheduleId !== undefined && { schedule: scheduleId }),
    ...worker,
    ...optionalInstant('enqueuedAt', run.enqueuedMs),
    ...optionalInstant('startedAt', attempt > 0 ? startedMs : undefined),
    ...optionalInstant('endedAt', run.endedMs),
    ...(attempts && { attempts: attempts.map((each) => viewAttempt(each, caller)) }),
    ...(error && { error }),
    ...(cancel && { cancelled: { actor: cancel.actor, reason: cancel.reason, at: toInstant(cancel.atMs) } }),
    ...(shards && { shards: shards.map((each) => viewShard(each, caller)) }),
    ...(summary && { summary: withoutShards(summary) }),
  }
}

const withoutShards = ({ shards: _, ...summary }: NonNullable<KnownRun['summary']>) => summary

function viewShard(
  { worker, startedMs, endedMs, fallback: _, ...shard }: ShardReport,
  caller: Caller,
): z.output<typeof shardView> {
  return {
    ...shard,
    ...(isOperator(caller) && worker !== undefined && { worker }),
    ...optionalInstant('startedAt', startedMs),
    ...optionalInstant('endedAt', endedMs),
  }
}

function viewAttempt(
  { attempt, worker, startedMs, endedMs, error }: NonNullable<KnownRun['attempts']>[number],
  caller: Caller,
): z.output<typeof attemptView> {
  return {
    ...{ attempt, startedAt: toInstant(startedMs), ...optionalInstant('endedAt', endedMs) },
    ...(isOperator(caller) && { worker }),
    ...(error !== undefined && { error }),
  }
}

export const logLineView = z
  .object({ at: instant, level: z.enum(['info', 'warn']), text: z.string() })
  .meta({ id: 'RunLogLine' })

export const viewLogLine = ({ atMs, level, text }: RunLogLine): z.output<typeof logLineView> => ({
  ...{ at: toInstant(atMs), level, text },
})
