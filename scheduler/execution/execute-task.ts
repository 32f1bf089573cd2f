import { forecastOnceParams } from '../../flows/forecast-once-params.ts'
import { flows } from '../../flows/registry.ts'
import { AppError } from '../../models/errors.ts'
import { isOver } from '../forecasts/types.ts'
import { triggeredRun } from '../missions/first-runs.ts'
import type { ExecuteRun, FlowName, FlowTask, RunJob, RunSummary } from '../queue/runs.ts'
import { checked, detectTask, forecastTask } from '../schedules/flows.ts'
import type { Attempt, ExecutionDeps } from './ports.ts'

export interface TaskAttempt extends Attempt {
  readonly task: FlowTask
}

/** What the run of a schedule of its own does. `executeMission`: a run of a mission, which such a schedule can ask for. */
export async function executeTask(
  deps: ExecutionDeps,
  attempt: TaskAttempt,
  executeMission: (attempt: Attempt) => ReturnType<ExecuteRun>,
): ReturnType<ExecuteRun> {
  const { flow } = attempt.task
  switch (flow) {
    case flows.noop.name:
      return {}
    case flows.forecastOnce.name:
      return forecastOnce(deps, attempt)
    case flows.forecast.name:
      return executeMission(
        await missionAttempt(deps, attempt, { flow: 'forecast', ...checked(attempt.task, forecastTask) }),
      )
    case flows.detect.name:
      return executeMission(
        await missionAttempt(deps, attempt, { flow: 'detect', ...checked(attempt.task, detectTask) }),
      )
    default:
      throw new AppError('UNSUPPORTED', `no flow "${flow}": another version knew it`)
  }
}

interface MissionTask {
  readonly flow: FlowName
  readonly mission: string
  readonly recompute?: boolean
}

/** The same attempt as a run of the mission, at the T of the mission that is in force at the schedule's T. */
async function missionAttempt(deps: ExecutionDeps, attempt: TaskAttempt, task: MissionTask): Promise<Attempt> {
  const { job } = attempt
  const name = { tenant: job.tenant, mission: task.mission }
  const mission = await deps.mission(name)
  if (!mission) throw new AppError('NOT_FOUND', `no mission "${task.mission}"`)
  const input = { mission, resolved: deps.resolve(mission), nowMs: job.nominalMs }
  const run = triggeredRun(input, task.flow, task.recompute ?? false)
  if (!run) throw new AppError('CONFLICT', `mission ${task.mission}: its forecast was not due yet at this T`)
  const { runId, retriedAfter } = job
  return {
    ...attempt,
    job: { ...run.job, runId, ...(retriedAfter !== undefined && { retriedAfter }), ...plansOf(job) },
    // what later attempts must have alike stays in the schedule's own job
    updateJob: (planned: RunJob) => attempt.updateJob({ ...job, ...plansOf(planned) }),
  }
}

const plansOf = ({ detectPlan, shards }: RunJob): Partial<RunJob> => ({
  ...(detectPlan && { detectPlan }),
  ...(shards && { shards }),
})

/** Made by the forecast workers as if somebody had asked for it, and kept with the others. */
async function forecastOnce({ forecasts }: ExecutionDeps, attempt: TaskAttempt): Promise<RunSummary> {
  if (!forecasts) throw new AppError('UNSUPPORTED', 'forecasts of any query need a forecast worker')
  const { job, signal, task } = attempt
  const actor = `schedule ${job.scheduleId}`
  const written = checked(task, forecastOnceParams)
  // a late or repeated run sees what one on time would have seen
  const asOf = new Date(job.nominalMs).toISOString()
  const params = written.query === undefined ? written : { asOf, ...written }
  const { id, tenant } = await forecasts.submit(params, { tenant: job.tenant, actor, kind: 'job' })
  // the run's own time-out ends it
  const record = await forecasts.wait({ tenant, id }, Number.POSITIVE_INFINITY, signal)
  if (!isOver(record)) await forecasts.cancel({ tenant, id })
  signal.throwIfAborted()
  const { status, error, total } = record
  if (error) throw new AppError(error.code, `forecast ${id}: ${error.message}`)
  if (status !== 'succeeded') throw new AppError('RUN_CANCELLED', `forecast ${id} was cancelled`)
  return { forecast: id, ...(total !== undefined && { series: total }) }
}
