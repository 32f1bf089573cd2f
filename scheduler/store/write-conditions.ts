import { AppError } from '../../models/errors.ts'

/** Of whoever writes something that is kept. */
export interface WriteConditions {
  /** If-Match: CONFLICT unless the stored generation is this one. */
  readonly ifGeneration?: number
  /** If-None-Match: *: CONFLICT when it exists. */
  readonly createOnly?: boolean
}

/** `what`: as `mission "cpu"`. @throws CONFLICT */
export function assertConditions(
  what: string,
  stored: { readonly generation: number } | undefined,
  { ifGeneration, createOnly }: WriteConditions,
): void {
  if (createOnly && stored) throw new AppError('CONFLICT', `${what} exists`)
  if (ifGeneration === undefined || stored?.generation === ifGeneration) return
  const found = stored ? `has generation ${stored.generation}` : 'does not exist'
  throw new AppError('CONFLICT', `${what} ${found}, not ${ifGeneration}`)
}
