import { AppError } from '../errors.ts'
import type { Covariate, ForecastRequest } from '../forecaster.ts'
import type { Task } from './chronos2/tasks.ts'

export interface JointTask {
  readonly task: Task
  /** Its targets, as indices of the request's contexts. */
  readonly members: readonly number[]
}

/**
 * Tasks of some contexts of a request, in the order of their first members: each group is one, and so is each context
 * that is in none. A covariate that members share enters once.
 * @throws INVALID_PARAMS naming the covariate.
 */
export function jointTasks(request: ForecastRequest, rows: readonly number[]): JointTask[] {
  const { contexts, covariates = [], groups = [] } = request
  const wanted = new Set(rows)
  const grouped = groups.map((group) => group.filter((row) => wanted.delete(row))).filter(({ length }) => length > 0)
  const alone = [...wanted].map((row) => [row])
  const members = [...grouped, ...alone].sort(([a], [b]) => a! - b!)
  return members.map((ofTask) => {
    for (const row of ofTask) checkLengths(contexts[row]!, covariates[row] ?? [])
    const targets = ofTask.map((row) => contexts[row]!)
    return { members: ofTask, task: { targets, ...namedRows(ofTask.flatMap((row) => covariates[row] ?? [])) } }
  })
}

/** Before contexts are cut to what the model takes: then a length that is wrong could not be seen any more. */
function checkLengths(context: Float64Array, covariates: readonly Covariate[]): void {
  for (const { name, past } of covariates) {
    if (past.length === context.length) continue
    const lengths = `${past.length} past values, its target has ${context.length}`
    throw new AppError('INVALID_PARAMS', `covariate "${name}" has ${lengths}`)
  }
}

function namedRows(covariates: readonly Covariate[]): Pick<Task, 'pastCovariates' | 'futureCovariates'> {
  const names = new Map<Float64Array, string>()
  const past = new Map<string, Float64Array>()
  const known = new Map<string, Float64Array>()
  for (const covariate of covariates) {
    if (names.has(covariate.past)) continue
    // members of a group may each have their own of one name
    const name = past.has(covariate.name) ? `${covariate.name}#${names.size}` : covariate.name
    names.set(covariate.past, name)
    past.set(name, covariate.past)
    if (covariate.future) known.set(name, covariate.future)
  }
  return { pastCovariates: Object.fromEntries(past), futureCovariates: Object.fromEntries(known) }
}
