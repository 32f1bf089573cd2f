import { AppError } from '../../../models/errors.ts'
import type { Problem } from './resolved.ts'

/** All that is wrong with a document, in one line and by pointer. `what`: as `mission cpu`. */
export function invalidDocument(what: string, problems: readonly Problem[]): AppError {
  const details = problems.map(({ pointer, detail }) => `${pointer.slice(1).replaceAll('/', '.')}: ${detail}`)
  return new AppError('INVALID_PARAMS', `${what}: ${details.join('; ')}`, { problems })
}
