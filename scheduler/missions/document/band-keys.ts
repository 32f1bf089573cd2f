import { createHash } from 'node:crypto'
import type { ForecastParams } from '../../../flows/params.ts'

type BandFields = Omit<ForecastParams, 'tenant' | 'mission' | 'maxSeries' | 'scopeKey' | 'bandKey'> & {
  readonly datasource: string
}

/**
 * Hash of what makes series or band, the horizon and with it the longest gap of the schedule included; and of the
 * mission's creation, so that a re-created mission never takes another one's forecasts for its own.
 */
export function bandKeyOf(fields: BandFields, createdMs: number): string {
  const { covariates, groupBy, crossLearning } = fields
  return hash([
    scopeFields(fields),
    fields.evalDelayMs,
    fields.context,
    fields.horizon,
    fields.minPoints,
    fields.model,
    fields.fallback,
    fields.bandExitsPerDay,
    createdMs,
    // a mission without any keeps the key that it had before there were some
    ...(covariates || groupBy || crossLearning ? [{ covariates, groupBy, crossLearning }] : []),
  ])
}

/** Hash of which series are forecast at which steps: while it stays, an older band of the mission may go on serving. */
export function scopeKeyOf(fields: BandFields): string {
  return hash(scopeFields(fields))
}

const scopeFields = ({ datasource, query, allowOutputs, stepMs }: BandFields): unknown[] => [
  datasource,
  query,
  allowOutputs,
  stepMs,
]

function hash(fields: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 16)
}
