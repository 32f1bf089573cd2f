import type { z } from 'zod'
import type { Deps } from '../tasks/deps.ts'

/** A flow: parameters checked by a zod schema, then tasks in order, then a typed result. No I/O of its own, no clock. */
export interface Flow<Params extends z.ZodType = z.ZodType, Context = unknown, Result = unknown> {
  readonly name: string
  readonly description: string
  readonly params: Params
  /** `context` bears the nominal time T and everything that was decided for this run before it began. */
  run(deps: Deps, params: z.output<Params>, context: Context): Promise<Result>
}

export function defineFlow<Params extends z.ZodType, Context, Result>(
  flow: Flow<Params, Context, Result>,
): Flow<Params, Context, Result> {
  return flow
}
