import { z } from 'zod'
import type { DetectResult, ForecastResult, SeriesState } from '../../../flows/contexts.ts'
import type { AppError } from '../../../models/errors.ts'
import type { MissionName } from '../../../models/series.ts'
import type { RedisClient } from '../../../tasks/cache/redis.ts'
import { type FlowName, flowNames } from '../../queue/runs.ts'
import { redisCall } from '../redis-call.ts'
import { decodeDocument, ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { missionKeys as keys } from './mission-keys.ts'

/** Written by the worker after each run, read by the API. */
export interface MissionHealth {
  /** `failing`: the last run of a flow failed; `paused` wins over everything. */
  readonly state: 'new' | 'active' | 'failing' | 'paused'
  readonly consecutiveFailures: number
  readonly lastSuccessMs?: number
  readonly lastError?: {
    readonly code: string
    readonly message: string
    readonly atMs: number
    readonly flow: FlowName
  }
  readonly series?: Readonly<Partial<Record<SeriesState, number>>>
  readonly missionScore?: number
  /** Series with a score above 1 at the last detect run; absent until a run of this version. */
  readonly anomalous?: number
  /** Its query was taken without the store's word; until a run has asked it. */
  readonly unchecked?: { readonly sinceMs: number; readonly reason: string }
  /** `fallback:<code>`: why the fall-back forecast at least some of the newest forecast. */
  readonly fallback?: string
  /** Series of the newest forecast that had to do without a covariate, by its name. */
  readonly covariatesMissing?: Readonly<Record<string, number>>
}

/** What a run found; without a result it had nothing to do. */
export type RunFindings =
  | { readonly flow: 'forecast'; readonly result: ForecastResult | undefined }
  | { readonly flow: 'detect'; readonly result: DetectResult | undefined }

/** What the store's parser says of a query; else since when and why it could not be asked. */
export type QueryCheck = 'accepted' | NonNullable<MissionHealth['unchecked']>

export interface HealthStore {
  recordCheck(name: MissionName, check: QueryCheck): Promise<void>
  recordSuccess(name: MissionName, atMs: number, findings: RunFindings): Promise<void>
  recordFailure(name: MissionName, flow: FlowName, atMs: number, error: AppError): Promise<void>
  get(name: MissionName): Promise<MissionHealth>
}

/** What a mission that no run touches any more leaves behind is gone after this. */
const keepMs = 7 * 86_400_000

const seriesByState = z
  .record(z.string(), z.int())
  .transform((states) => states as NonNullable<MissionHealth['series']>)
const uncheckedQuery = z.object({ sinceMs: z.number(), reason: z.string() })
const seriesByCovariate = z.record(z.string(), z.int())
const runError = z.object({ code: z.string(), message: z.string(), atMs: z.number(), flow: z.enum(flowNames) })

export function createHealthStore(redis: RedisClient, onUnreadable: OnUnreadable = ignoreUnreadable): HealthStore {
  return {
    async recordCheck(name, check) {
      const key = keys.health(name)
      const write = redis.pipeline()
      if (check === 'accepted') write.hdel(key, 'unchecked')
      else write.hset(key, 'unchecked', JSON.stringify(check)).pexpire(key, keepMs)
      await redisCall(`record the health of ${name.mission}`, write.exec())
    },

    async recordSuccess(name, atMs, findings) {
      const key = keys.health(name)
      const { flow } = findings
      const fields = [`${flow}.failures`, 0, `${flow}.successMs`, atMs, ...findingFields(findings)]
      const write = redis
        .pipeline()
        .hset(key, ...fields)
        .pexpire(key, keepMs)
      if (hasAsked(findings)) write.hdel(key, 'unchecked')
      await redisCall(`record the health of ${name.mission}`, write.exec())
    },

    async recordFailure(name, flow, atMs, { code, message }) {
      const key = keys.health(name)
      const error = JSON.stringify({ code, message: message.slice(0, 2_000), atMs, flow })
      const write = redis
        .pipeline()
        .hincrby(key, `${flow}.failures`, 1)
        .hset(key, `${flow}.error`, error)
        .pexpire(key, keepMs)
      if (code === 'QUERY_REJECTED') write.hdel(key, 'unchecked')
      await redisCall(`record the health of ${name.mission}`, write.exec())
    },

    async get(name) {
      const fields = await redisCall(`read the health of ${name.mission}`, redis.hgetall(keys.health(name)))
      return parseHealth(fields, (reason) =>
        onUnreadable({ kind: 'health', key: `${name.tenant}/${name.mission}`, reason }),
      )
    },
  }
}

/** Only then has the store taken the query. */
function hasAsked({ flow, result }: RunFindings): boolean {
  return flow === 'detect' ? result !== undefined : (result?.read ?? 0) > 0
}

function findingFields({ flow, result }: RunFindings): (string | number)[] {
  if (flow === 'detect') {
    if (!result) return []
    const { states, missionScore, anomalous } = result
    return ['states', JSON.stringify(states), 'score', missionScore, 'anomalous', anomalous]
  }
  // a run that found its payload kept has forecast nothing
  if (!result || result.forecast === 0) return []
  return ['fallback', result.fallback ?? '', 'covariatesMissing', JSON.stringify(result.covariates?.missing ?? {})]
}

function parseHealth(fields: Readonly<Record<string, string>>, onUnreadable: (reason: string) => void): MissionHealth {
  function decoded<Schema extends z.ZodType>(field: string, schema: Schema): z.output<Schema> | undefined {
    const json = fields[field]
    if (json === undefined) return undefined
    const { document, reason } = decodeDocument(json, schema)
    if (reason !== undefined) onUnreadable(`${field}: ${reason}`)
    return document
  }
  const consecutiveFailures = Math.max(...flowNames.map((flow) => Number(fields[`${flow}.failures`] ?? 0)))
  const lastSuccessMs = Math.max(...flowNames.map((flow) => Number(fields[`${flow}.successMs`] ?? -1)))
  const missionScore = Number(fields.score ?? Number.NaN)
  const errors = flowNames.flatMap((flow) => decoded(`${flow}.error`, runError) ?? [])
  const [lastError] = errors.sort((a, b) => b.atMs - a.atMs)
  const series = decoded('states', seriesByState)
  const unchecked = decoded('unchecked', uncheckedQuery)
  const missing = decoded('covariatesMissing', seriesByCovariate) ?? {}
  return {
    state: stateOf(consecutiveFailures, fields['detect.successMs'] !== undefined),
    consecutiveFailures,
    ...(lastSuccessMs >= 0 && { lastSuccessMs }),
    ...(lastError && { lastError }),
    ...(series && { series }),
    ...(unchecked && { unchecked }),
    ...(Number.isFinite(missionScore) && { missionScore }),
    ...(fields.anomalous !== undefined && { anomalous: Number(fields.anomalous) }),
    ...(fields.fallback && { fallback: fields.fallback }),
    ...(Object.keys(missing).length > 0 && { covariatesMissing: missing }),
  }
}

function stateOf(consecutiveFailures: number, hasDetected: boolean): MissionHealth['state'] {
  if (consecutiveFailures > 0) return 'failing'
  return hasDetected ? 'active' : 'new'
}
