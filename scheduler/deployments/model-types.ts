import { AppError } from '../../models/errors.ts'
import { isModelPath } from '../../models/registry.ts'

/**
 * Names of models that scripts written for other systems send, and what takes their place here. Gradient boosting is
 * not here (yet): the forecaster that chooses for each series does what people used it for.
 */
const standsFor: Readonly<Record<string, string>> = {
  chronos: 'chronos-embedded',
  lgbm: 'auto',
  lightgbm: 'auto',
  seasonal_naive: 'seasonal-naive',
  rolling_quantiles: 'rolling-quantiles',
}

/** @throws INVALID_PARAMS naming those that are there. */
export function modelOfType(type: string, installed: readonly string[]): string {
  const known = type.toLowerCase()
  if (Object.hasOwn(standsFor, known)) return standsFor[known] as string
  const name = known.replaceAll('_', '-')
  if (installed.includes(name)) return name
  if (isModelPath(type)) return type
  const there = [...new Set([...Object.keys(standsFor), ...installed])].sort().join(', ')
  const detail = `there is no "${type}" yet; there is ${there}, and any path of a folder`
  throw new AppError('INVALID_PARAMS', `model_type: ${detail}`, {
    problems: [{ pointer: '/parameters/model_type', detail }],
  })
}
