import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { DetectResult, ForecastResult } from '../../../flows/contexts.ts'
import type { AppError } from '../../../models/errors.ts'
import type { MissionName } from '../../../models/series.ts'
import type { MissionHealth } from '../../missions/types.ts'
import type { FlowName } from '../../queue/runs.ts'
import { redisCall } from '../redis-call.ts'
import { decodeDocument, ignoreUnreadable, type OnUnreadable } from '../stored-document.ts'
import { missionKeys as keys } from './mission-keys.ts'

/** What a run found; without a result it had nothing to do. */
export type RunFindings =
  | { readonly flow: 'forecast'; readonly result: ForecastResult | undefined }
  | { readonly flow: 'detect'; readonly result: DetectResult | undefined }

export interface HealthStore {
  recordSuccess(name: MissionName, atMs: number, findings: RunFindings): Promise<void>
  recordFailure(name: MissionName, flow: FlowName, atMs: number, error: AppError): Promise<void>
  get(name: MissionName): Promise<MissionHealth>
}

/** What a mission that no run touches any more leaves behind is gone after this. */
const keepMs = 7 * 86_400_000
const flows = ['forecast', 'detect'] as const satisfies readonly FlowName[]

const seriesByState = z
  .record(z.string(), z.int())
  .transform((states) => states as NonNullable<MissionHealth['series']>)
const runError = z.object({ code: z.string(), message: z.string(), atMs: z.number(), flow: z.enum(flows) })

export function createHealthStore(redis: Redis, onUnreadable: OnUnreadable = ignoreUnreadable): HealthStore {
  return {
    async recordSuccess(name, atMs, findings) {
      const key = keys.health(name)
      const { flow } = findings
      const fields = [`${flow}.failures`, 0, `${flow}.successMs`, atMs, ...findingFields(findings)]
      const write = redis
        .pipeline()
        .hset(key, ...fields)
        .pexpire(key, keepMs)
        .exec()
      await redisCall(`record the health of ${name.mission}`, write)
    },

    async recordFailure(name, flow, atMs, { code, message }) {
      const key = keys.health(name)
      const error = JSON.stringify({ code, message: message.slice(0, 2_000), atMs, flow })
      const write = redis
        .pipeline()
        .hincrby(key, `${flow}.failures`, 1)
        .hset(key, `${flow}.error`, error)
        .pexpire(key, keepMs)
        .exec()
      await redisCall(`record the health of ${name.mission}`, write)
    },

    async get(name) {
      const fields = await redisCall(`read the health of ${name.mission}`, redis.hgetall(keys.health(name)))
      return parseHealth(fields, (reason) =>
        onUnreadable({ kind: 'health', key: `${name.tenant}/${name.mission}`, reason }),
      )
    },
  }
}

function findingFields({ flow, result }: RunFindings): (string | number)[] {
  if (flow === 'detect') return result ? ['states', JSON.stringify(result.states), 'score', result.missionScore] : []
  // a run that found its payload kept has forecast nothing
  return result && result.forecast > 0 ? ['fallback', result.fallback ?? ''] : []
}

function parseHealth(fields: Readonly<Record<string, string>>, onUnreadable: (reason: string) => void): MissionHealth {
  function decoded<Schema extends z.ZodType>(field: string, schema: Schema): z.output<Schema> | undefined {
    const json = fields[field]
    if (json === undefined) return undefined
    const { document, reason } = decodeDocument(json, schema)
    if (reason !== undefined) onUnreadable(`${field}: ${reason}`)
    return document
  }
  const consecutiveFailures = Math.max(...flows.map((flow) => Number(fields[`${flow}.failures`] ?? 0)))
  const lastSuccessMs = Math.max(...flows.map((flow) => Number(fields[`${flow}.successMs`] ?? -1)))
  const missionScore = Number(fields.score ?? Number.NaN)
  const errors = flows.flatMap((flow) => decoded(`${flow}.error`, runError) ?? [])
  const [lastError] = errors.sort((a, b) => b.atMs - a.atMs)
  const series = decoded('states', seriesByState)
  return {
    state: stateOf(consecutiveFailures, fields['detect.successMs'] !== undefined),
    consecutiveFailures,
    ...(lastSuccessMs >= 0 && { lastSuccessMs }),
    ...(lastError && { lastError }),
    ...(series && { series }),
    ...(Number.isFinite(missionScore) && { missionScore }),
    ...(fields.fallback && { fallback: fields.fallback }),
  }
}

function stateOf(consecutiveFailures: number, hasDetected: boolean): MissionHealth['state'] {
  if (consecutiveFailures > 0) return 'failing'
  return hasDetected ? 'active' : 'new'
}
