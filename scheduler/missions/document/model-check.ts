import { isModelPath } from '../../../models/registry.ts'
import { isJoint } from './covariate-checks.ts'
import type { MissionDocument } from './document.ts'
import type { MissionSettings } from './resolved.ts'

/**
 * Takes the models of a mission that was accepted before as they are: one that is gone since is the fall-back's work, and
 * no reason to refuse an edit of something else, or to lose the mission when Redis is filled again.
 */
export function withAcceptedModels(settings: MissionSettings, accepted: MissionDocument | undefined): MissionSettings {
  const { modelProblem, takesCovariates } = settings
  if (!accepted) return settings
  const names = [accepted.model, accepted.fallback]
  const jointModel = isJoint(accepted) ? (accepted.model ?? settings.defaults.model) : undefined
  return {
    ...settings,
    ...(modelProblem && { modelProblem: (name) => (names.includes(name) ? undefined : modelProblem(name)) }),
    ...(takesCovariates && { takesCovariates: (name) => (name === jointModel ? undefined : takesCovariates(name)) }),
  }
}

/** Why this model cannot be named; undefined when it can. */
export function modelProblem(
  { models, modelProblem: storedProblem }: Pick<MissionSettings, 'models' | 'modelProblem'>,
  name: string,
): string | undefined {
  if (storedProblem) return storedProblem(name)
  if (models.includes(name) || isModelPath(name)) return undefined
  return `no forecaster "${name}"; there are ${models.join(', ')}, and paths of model folders`
}

/** What the author of a document should know of the models that it names. */
export function modelWarnings(
  { model, fallback }: Pick<MissionDocument, 'model' | 'fallback'>,
  { modelWarning }: Pick<MissionSettings, 'modelWarning'>,
): string[] {
  return Object.entries({ model, fallback }).flatMap(([field, name]) => {
    const warning = name === undefined ? undefined : modelWarning?.(name)
    return warning === undefined ? [] : [`${field}: ${warning}`]
  })
}
