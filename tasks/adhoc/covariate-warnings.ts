import type { CovariateUse } from '../covariates/covariate-tally.ts'

/** What a reader of a forecast should know of its covariates, a sentence each. */
export function covariateWarnings({ missing, unvarying, unknownAhead }: CovariateUse): string[] {
  const say = (counts: Readonly<Record<string, number>>, what: string) =>
    Object.entries(counts).map(([name, count]) => `covariate "${name}" ${what} (${count} series)`)
  return [
    ...say(missing, 'is missing, so they are forecast without it'),
    ...say(unvarying, 'never changes in the history, so they are forecast without it'),
    ...say(unknownAhead, 'is not known at any step ahead'),
  ]
}
