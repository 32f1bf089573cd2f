import type { ForecastRequest } from '../../models/forecaster.ts'
import { takesNoCovariates } from '../covariates/takes-no-covariates.ts'
import type { Forecasters } from '../deps.ts'
import { countFinite } from '../panel/eligible-series.ts'
import { modelAbilities } from './model-abilities.ts'

const seriesPerBatch = 128

/** Batches that are forecast at a time: threads that compute do not stand still while the results of some are taken. */
export const batchesAtOnce = 4

export interface BatchesRequest extends Pick<ForecastRequest, 'contexts' | 'covariates' | 'groups'> {
  readonly model: string
  readonly fallback: string
}

export interface Batch {
  readonly rows: readonly number[]
  /** Of the batch, by place in it. */
  readonly groups?: readonly (readonly number[])[]
  readonly model: string
  /** Why these rows are the fall-back's from the start. */
  readonly reason?: string
  readonly detail?: string
}

/**
 * Batches of a panel. A group is never split. What a model cannot do is the fall-back's from the start: contexts that are
 * too short for it, and everything where it takes no covariates and there are some.
 */
export function planBatches(forecasters: Forecasters, request: BatchesRequest): Batch[] {
  const { contexts, groups, covariates, model, fallback } = request
  const { minContext, takesCovariates } = modelAbilities(forecasters, model)
  const refused = (rows: readonly number[], why: Pick<Batch, 'reason' | 'detail'>) =>
    chunks(rows.map((row) => [row])).map((units) => ({ rows: units.flat(), model: fallback, ...why }))
  if (!takesCovariates && (groups || covariates?.some(({ length }) => length > 0))) {
    return refused([...contexts.keys()], { reason: 'UNSUPPORTED', detail: takesNoCovariates(model) })
  }
  const short = new Set([...contexts.keys()].filter((row) => countFinite(contexts[row]!) < minContext))
  return [
    ...chunks(unitsOf(contexts.length, groups, short)).map((units) => ({ ...batchOf(units), model })),
    ...refused([...short], { reason: 'SHORT_CONTEXT' }),
  ]
}

type Unit = readonly number[]

/** Rows that stay together, in the order of their first ones; short ones left out. */
function unitsOf(count: number, groups: readonly Unit[] = [], short: ReadonlySet<number>): Unit[] {
  const inGroup = new Set(groups.flat())
  const alone = Array.from({ length: count }, (_, row) => [row]).filter(([row]) => !inGroup.has(row!))
  const units = [...groups, ...alone].map((unit) => unit.filter((row) => !short.has(row)))
  return units.filter(({ length }) => length > 0).sort(([a], [b]) => a! - b!)
}

function batchOf(units: readonly Unit[]): Pick<Batch, 'rows' | 'groups'> {
  const rows = units.flat()
  if (rows.length === units.length) return { rows }
  let next = 0
  return { rows, groups: units.map((unit) => unit.map(() => next++)) }
}

/**
 * Filled in order. The first ones are shorter: they share the threads that compute evenly, and batches of one length would
 * all end at once, with nothing left to compute while their results are taken.
 */
function chunks(units: readonly Unit[]): Unit[][] {
  const made: Unit[][] = []
  let room = 0
  for (const unit of units) {
    if (room <= 0) room = seriesPerBatch * Math.min(1, made.push([]) / batchesAtOnce)
    made.at(-1)!.push(unit)
    room -= unit.length
  }
  return made
}
