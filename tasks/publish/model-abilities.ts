import type { Forecaster } from '../../models/forecaster.ts'
import type { Forecasters } from '../deps.ts'

export type ModelAbilities = Required<Pick<Forecaster, 'minContext' | 'maxContext' | 'takesCovariates'>>

/** What a model can do; everything, if it cannot be had: why shows when it is asked to forecast. */
export function modelAbilities(forecasters: Forecasters, model: string): ModelAbilities {
  try {
    const { minContext, maxContext, takesCovariates = false } = forecasters.get(model)
    return { minContext, maxContext, takesCovariates }
  } catch {
    return { minContext: 0, maxContext: Number.POSITIVE_INFINITY, takesCovariates: true }
  }
}
