import { AppError } from '../../models/errors.ts'

/** A query of a mission's or request's covariates, by its place among them. */
export interface NamedQuery {
  readonly name: string
  readonly place: number
}

/** The error of a covariate's query with the name of the covariate; what points to a query points to this one. */
export function covariateError(error: AppError, { name, place }: NamedQuery): AppError {
  const { code, message, retryAfterMs, problems } = error
  return new AppError(code, `covariate "${name}": ${message}`, {
    cause: error,
    problems: problems.map(({ detail }) => ({ pointer: `/covariates/queries/${place}/query`, detail })),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}
