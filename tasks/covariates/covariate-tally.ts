import type { AssessedCovariate } from './assess-covariate.ts'

/** Series by covariate; names without any are left out. */
export interface CovariateUse {
  /** Forecast with it. */
  readonly used: Readonly<Record<string, number>>
  /** Forecast without it: none of its series is theirs, or that has no values. */
  readonly missing: Readonly<Record<string, number>>
  /** Forecast without it, since it never changes in their context. */
  readonly unvarying: Readonly<Record<string, number>>
  /** Of those forecast with it: it is meant to be known ahead, and nothing of the horizon is. */
  readonly unknownAhead: Readonly<Record<string, number>>
}

// a covariate may be called constructor
const noCounts = (): Record<string, number> => Object.create(null)

export function covariateTally() {
  const use = { used: noCounts(), missing: noCounts(), unvarying: noCounts(), unknownAhead: noCounts() }
  const raise = (counts: Record<string, number>, name: string) => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  return {
    use: use as CovariateUse,
    /** One series and what there is of a covariate for it. */
    count(name: string, found: AssessedCovariate | undefined): void {
      const { verdict = 'missing', isKnownAhead } = found ?? {}
      raise(use[verdict], name)
      if (verdict === 'used' && isKnownAhead === false) raise(use.unknownAhead, name)
    },
  }
}

/** Of all parts of a forecast together. */
export function sumUses(uses: readonly CovariateUse[]): CovariateUse {
  const sum = (kind: keyof CovariateUse): Record<string, number> => {
    const counts = noCounts()
    for (const [name, count] of uses.flatMap((use) => Object.entries(use[kind]))) {
      counts[name] = (counts[name] ?? 0) + count
    }
    return counts
  }
  return {
    ...{ used: sum('used'), missing: sum('missing') },
    ...{ unvarying: sum('unvarying'), unknownAhead: sum('unknownAhead') },
  }
}
