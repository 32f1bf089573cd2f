import { AppError } from '../../models/errors.ts'

/** @throws INVALID_PARAMS for a body whose own id is not that of its path. */
export function assertPathId({ id }: { readonly id?: string }, pathId: string): void {
  if (id === undefined || id === pathId) return
  const detail = `the path says "${pathId}"`
  throw new AppError('INVALID_PARAMS', `the body's id is "${id}", ${detail}`, {
    problems: [{ pointer: '/id', detail }],
  })
}
