import { resolveCovariates } from '../../../flows/resolve-covariates.ts'
import { toAppError } from '../../../models/errors.ts'
import { knownWindows } from '../../../tasks/covariates/known-rows.ts'
import { takesNoCovariates } from '../../../tasks/covariates/takes-no-covariates.ts'
import type { MissionDocument } from './document.ts'
import type { MissionSettings, Problem, ResolvedMission } from './resolved.ts'

const jointFields = ['covariates', 'groupBy', 'crossLearning'] as const

/** Whether a mission asks for more than forecasts of single series. */
export const isJoint = (document: MissionDocument): boolean => jointFields.some((field) => document[field])

/** What a document asks for and its model cannot do, as far as that is known here. */
export function jointProblems(
  document: MissionDocument,
  { defaults, takesCovariates }: Pick<MissionSettings, 'defaults' | 'takesCovariates'>,
): Problem[] {
  const model = document.model ?? defaults.model
  if (!isJoint(document) || takesCovariates?.(model) !== false) return []
  const asked = jointFields.filter((field) => document[field])
  return asked.map((field) => ({ pointer: `/${field}`, detail: takesNoCovariates(model) }))
}

/** Covariates that a forecast of now could not compute: events without number. */
export function knownRowProblems({ forecastParams }: ResolvedMission, nowMs: number): Problem[] {
  const { covariates, stepMs, context, horizon } = forecastParams
  if (!covariates) return []
  try {
    const range = { startMs: nowMs - context * stepMs, endMs: nowMs + horizon * stepMs }
    knownWindows(resolveCovariates(covariates), range)
    return []
  } catch (error) {
    return [{ pointer: '/covariates', detail: toAppError(error).message }]
  }
}
