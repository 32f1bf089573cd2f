import { AppError } from '../../errors.ts'

/** Series that are forecast together. */
export interface Task {
  /** Contexts of one length, oldest value first; gaps are NaN. */
  readonly targets: readonly Float64Array[]
  /** History of every covariate, as long as the targets'. */
  readonly pastCovariates?: Readonly<Record<string, Float64Array>>
  /** What is known of a covariate after the context, one value for each step of the horizon; gaps are NaN. */
  readonly futureCovariates?: Readonly<Record<string, Float64Array>>
}

/** One series as it enters the network. */
export interface TaskRow {
  readonly context: Float64Array
  /** Known values from the first step of the forecast on. */
  readonly future: Float64Array
}

/** Rows that see each other. */
export type Group = readonly TaskRow[]

const nothingKnown = new Float64Array()

/**
 * Rows of a task in the library's order: targets, then covariates known in the past only, then those known in the future,
 * each by name.
 * @throws INVALID_PARAMS naming the covariate.
 */
export function taskRows(task: Task, horizon: number): TaskRow[] {
  const { targets, pastCovariates = {}, futureCovariates = {} } = task
  checkTask(task, horizon)
  const names = Object.keys(pastCovariates).sort()
  const pastOnly = names.filter((name) => !Object.hasOwn(futureCovariates, name))
  const known = names.filter((name) => Object.hasOwn(futureCovariates, name))
  return [
    ...targets.map((context) => ({ context, future: nothingKnown })),
    ...pastOnly.map((name) => ({ context: pastCovariates[name]!, future: nothingKnown })),
    ...known.map((name) => ({ context: pastCovariates[name]!, future: futureCovariates[name]! })),
  ]
}

function checkTask({ targets, pastCovariates = {}, futureCovariates = {} }: Task, horizon: number): void {
  const [target] = targets
  if (!target) throw new AppError('INVALID_PARAMS', 'a task needs at least one target')
  const { length } = target
  for (const [i, other] of targets.entries()) {
    if (other.length !== length) {
      throw new AppError('INVALID_PARAMS', `target ${i} has ${other.length} values, target 0 has ${length}`)
    }
  }
  for (const [name, values] of Object.entries(pastCovariates)) {
    if (values.length !== length) {
      throw new AppError(
        'INVALID_PARAMS',
        `covariate "${name}" has ${values.length} past values, its target has ${length}`,
      )
    }
  }
  for (const [name, values] of Object.entries(futureCovariates)) {
    if (!Object.hasOwn(pastCovariates, name)) {
      throw new AppError('INVALID_PARAMS', `covariate "${name}" has future values but no past ones`)
    }
    if (values.length !== horizon) {
      throw new AppError(
        'INVALID_PARAMS',
        `covariate "${name}" has ${values.length} future values, the horizon is ${horizon}`,
      )
    }
  }
}
