import { AppError } from '../../models/errors.ts'
import { namesOf } from '../queue/attempt-record.ts'
import type { FoundJob } from '../queue/find-jobs.ts'
import type { ClosableRunQueue } from '../queue/queue.ts'
import { type FlowName, isOver, type KnownRun, type RunState } from '../queue/runs.ts'
import type { CancelStore } from '../store/ticks/cancel-store.ts'
import type { RunStore } from '../store/ticks/run-store.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { TickRecord, TickStore } from '../store/ticks/tick-store.ts'

export interface KnownRunDeps {
  readonly runs: Pick<RunStore, 'get'>
  readonly cancels: Pick<CancelStore, 'requested'>
  readonly queue: Pick<ClosableRunQueue, 'find'>
  readonly ticks: Pick<TickStore, 'list'>
  readonly schedules: Pick<ScheduleStore, 'get'>
}

export interface RunKey {
  readonly tenant: string
  readonly runId: string
}

export interface FoundRun {
  readonly run: KnownRun
  /** While a queue has it. */
  readonly job?: FoundJob
}

/**
 * A run by its id: from its record, its job, or its packed tick.
 * @throws NOT_FOUND, also for another tenant's, and naming the outcome of a T that had no run.
 */
export async function knownRun(deps: KnownRunDeps, key: RunKey): Promise<FoundRun> {
  const [first, found, [request]] = await Promise.all([
    deps.runs.get(key.runId),
    deps.queue.find(key.runId),
    deps.cancels.requested([key.runId]),
  ])
  // it may have left its queue between the two
  const record = found || (first && isOver(first.state)) ? first : await deps.runs.get(key.runId)
  const job = found?.job.tenant === key.tenant ? found : undefined
  if (record?.tenant === key.tenant) {
    const isCancelling = request !== undefined && (record.state === 'active' || record.state === 'retrying')
    const run: KnownRun = isCancelling ? { ...record, state: 'cancelling', cancel: request } : record
    return { run, ...(job && { job }) }
  }
  const tick = await tickOfRun(deps, key)
  if (tick && tick.outcome !== 'run' && tick.outcome !== 'buffered') throw notRun(key, tick)
  if (job)
    return { run: { ...ofJob(job), ...(request && isAtWork(job) && { state: 'cancelling', cancel: request }) }, job }
  if (!tick) throw new AppError('NOT_FOUND', `no record of a run "${key.runId}"`)
  return { run: await ofTick(deps, key, tick) }
}

const isAtWork = ({ state }: FoundJob): boolean => state === 'active'

const stateOf: Readonly<Record<RunState, KnownRun['state']>> = {
  ...{ waiting: 'waiting', delayed: 'waiting', active: 'active', completed: 'succeeded', failed: 'failed' },
}

function ofJob({ job, state, startedMs, endedMs, summary, attempts }: FoundJob): KnownRun {
  return {
    ...{ ...namesOf(job), state: stateOf[state], attempt: attempts + (state === 'active' ? 1 : 0) },
    ...(startedMs !== undefined && { startedMs }),
    ...(endedMs !== undefined && { endedMs }),
    ...(summary && { summary }),
  }
}

/** `r.<tenant>.<schedule>.<T>` */
function tickNames({ tenant, runId }: RunKey): { id: string; nominalMs: number } | undefined {
  const prefix = `r.${tenant}.`
  const dot = runId.lastIndexOf('.')
  const nominal = runId.slice(dot + 1)
  if (!runId.startsWith(prefix) || dot <= prefix.length || !/^\d{1,15}$/.test(nominal)) return undefined
  return { id: runId.slice(prefix.length, dot), nominalMs: Number(nominal) }
}

async function tickOfRun({ ticks }: KnownRunDeps, key: RunKey): Promise<TickRecord | undefined> {
  const names = tickNames(key)
  if (!names) return undefined
  const { id, nominalMs } = names
  const [tick] = await ticks.list({ tenant: key.tenant, id }, { fromMs: nominalMs - 1, untilMs: nominalMs })
  return tick
}

/** A plain run: a worker began it, and nothing of note came of it. */
async function ofTick({ schedules }: KnownRunDeps, key: RunKey, tick: TickRecord): Promise<KnownRun> {
  const { nominalMs, lagMs = 0 } = tick
  const scheduleId = tickNames(key)?.id ?? ''
  const { mission, flow, own } = (await schedules.get({ tenant: key.tenant, id: scheduleId })) ?? ownerOf(scheduleId)
  return {
    ...{ ...key, kind: 'tick', flow, mission, scheduleId, nominalMs, state: 'succeeded', attempt: 1 },
    ...(own && { taskFlow: own.flow }),
    startedMs: nominalMs + lagMs,
  }
}

interface Owner {
  readonly mission: string
  readonly flow: FlowName
  readonly own?: { readonly flow: string }
}

/** Of a schedule that is gone. */
export function ownerOf(scheduleId: string): Owner {
  const [, mission, flow] = /^(.+)\.(forecast|detect)$/.exec(scheduleId) ?? []
  if (mission === undefined) return { mission: '', flow: 'detect' }
  return { mission, flow: flow as FlowName }
}

function notRun({ runId }: RunKey, { outcome, reason }: TickRecord): AppError {
  return new AppError('NOT_FOUND', `there was no run "${runId}": its tick ended as ${outcome} (${reason})`)
}
