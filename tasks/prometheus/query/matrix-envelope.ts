import { AppError } from '../../../models/errors.ts'
import { excerpt } from '../store-failure.ts'

/** What a whole answer says besides its series. */
export interface Envelope {
  /** status, error, warnings, resultType... by name. */
  readonly members: ReadonlyMap<string, unknown>
  /** Named in every error: datasource and query. */
  readonly subject: string
  /** An answer of `query`, not of `query_range`. */
  readonly instant: boolean
  readonly seriesCount: number
  /** Series that bear plain samples. */
  readonly floatCount: number
}

/** The store's warnings. @throws AppError when the answer is an error, of another type, partial, or histograms alone. */
export function readEnvelope({ members, subject, instant, seriesCount, floatCount }: Envelope): readonly string[] {
  const [status, resultType] = [members.get('status'), members.get('resultType')]
  if (status === 'error') {
    throw new AppError('QUERY_FAILED', `${subject}: ${excerpt(`${members.get('errorType')}: ${members.get('error')}`)}`)
  }
  const types: unknown[] = instant ? ['vector', 'scalar'] : ['matrix']
  if (status !== 'success' || !types.includes(resultType)) {
    const found = `status ${status}, resultType ${resultType}`
    throw new AppError('RESPONSE_INVALID', `${subject}: the answer is no ${types.join(' or ')} (${found})`)
  }
  if (members.get('isPartial') === true) {
    throw new AppError('RESPONSE_PARTIAL', `${subject}: the store could not reach all of its parts`)
  }
  if (seriesCount > 0 && floatCount === 0) {
    const hint = 'take a number from them, e.g. by histogram_quantile()'
    throw new AppError('UNSUPPORTED', `${subject}: returns native histograms: ${hint}`)
  }
  const warnings = members.get('warnings')
  return Array.isArray(warnings) ? warnings.map(String) : []
}
