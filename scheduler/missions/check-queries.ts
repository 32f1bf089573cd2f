import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../models/errors.ts'
import { covariateError, type NamedQuery } from '../../tasks/covariates/covariate-error.ts'
import type { QueryCheck } from '../store/missions/health-store.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ResolvedMission } from './document/resolved.ts'
import type { MissionServiceDeps } from './mission-deps.ts'

export interface CheckedQueries {
  /** undefined: what was known of the mission's query holds. */
  readonly check: QueryCheck | undefined
  /** What its author should know. */
  readonly warnings: readonly string[]
}

interface ToCheck {
  readonly tenant: string
  readonly resolved: ResolvedMission
  readonly before: StoredMission | undefined
}

interface Query {
  readonly query: string
  /** Where it is that of a covariate. */
  readonly covariate?: NamedQuery
}

/**
 * Asks the store about the queries that an edit has changed: all of them where they go to another store.
 * @throws QUERY_REJECTED. A store that cannot answer now is no reason to refuse a mission.
 */
export async function checkQueries(deps: MissionServiceDeps, toCheck: ToCheck): Promise<CheckedQueries> {
  const { resolved, before } = toCheck
  const { scopeKey, query, covariates } = resolved.forecastParams
  const isAnother = before?.scopeKey !== scopeKey
  const areOthers = isAnother || !isDeepStrictEqual(before?.document.covariates?.queries, covariates?.queries)
  const queries: Query[] = [
    ...(isAnother ? [{ query }] : []),
    ...(areOthers ? (covariates?.queries ?? []) : []).map(({ name, query }, place) => {
      return { query, covariate: { name, place } }
    }),
  ]
  const answers = await Promise.all(queries.map((each) => checkQuery(deps, toCheck, each)))
  const unchecked = answers.map(({ check }) => check).find((check) => check !== 'accepted')
  return {
    check: unchecked ?? (isAnother ? 'accepted' : undefined),
    warnings: answers.flatMap(({ warning }) => warning ?? []),
  }
}

interface Answer {
  readonly check: QueryCheck
  readonly warning?: string
}

async function checkQuery(
  { checkQuery, clock }: MissionServiceDeps,
  { tenant, resolved: { datasource, forecastParams } }: ToCheck,
  { query, covariate }: Query,
): Promise<Answer> {
  const { allowOutputs } = forecastParams
  try {
    const { isEmpty } = await checkQuery({ tenant, datasource, query, allowOutputs })
    if (!isEmpty) return { check: 'accepted' }
    const subject = covariate ? `covariate "${covariate.name}"` : 'the query'
    const warning = `${subject} returns no series now; look whether a metric or a label is misspelt`
    return { check: 'accepted', warning }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const failure = covariate ? covariateError(error, covariate) : error
    if (failure.code === 'QUERY_REJECTED') throw failure
    return { check: { sinceMs: clock.now(), reason: failure.message } }
  }
}
