import type { Covariate } from '../../models/forecaster.ts'

export interface AssessedCovariate {
  readonly covariate: Covariate
  /** `unvarying`: what its changes do cannot be learned from a context in which it has none. */
  readonly verdict: 'used' | 'missing' | 'unvarying'
  /** Whether anything is known of it ahead; undefined of one that is not meant to be known. */
  readonly isKnownAhead: boolean | undefined
}

// squares of what is larger overflow in the models
const largestValue = 1e37

/** Whether a covariate says anything in the part of the context that the model looks at. What is too large is a gap. */
export function assessCovariate({ name, past, future }: Covariate, maxContext: number): AssessedCovariate {
  const covariate = { name, past: withoutHuge(past), ...(future && { future: withoutHuge(future) }) }
  const isKnownAhead = covariate.future?.some(Number.isFinite)
  return { covariate, verdict: verdictOf(covariate.past.subarray(-maxContext)), isKnownAhead }
}

function verdictOf(values: Float64Array): AssessedCovariate['verdict'] {
  const first = values.find(Number.isFinite)
  if (first === undefined) return 'missing'
  return values.some((value) => Number.isFinite(value) && value !== first) ? 'used' : 'unvarying'
}

function withoutHuge(values: Float64Array): Float64Array {
  const isHuge = (value: number) => Math.abs(value) > largestValue
  return values.some(isHuge) ? values.map((value) => (isHuge(value) ? Number.NaN : value)) : values
}
