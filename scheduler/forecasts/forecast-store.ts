import { AppError } from '../../models/errors.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'
import { runLua } from '../store/lua.ts'
import { decodeCursor, encodeCursor, idPlace } from '../store/pages.ts'
import { redisCall } from '../store/redis-call.ts'
import { createScript, endScript, noteScript } from './forecast-scripts.ts'
import { forecastLimits } from './limits.ts'
import { type ForecastError, type ForecastName, type ForecastRecord, type ForecastStatus, isOver } from './types.ts'

export interface ForecastPage {
  readonly forecasts: readonly ForecastRecord[]
  readonly cursor?: string
}

/** Records, inputs and results of forecasts that were asked for, per tenant and bounded (limits.ts). */
export interface ForecastStore {
  /** @throws WORKER_UNAVAILABLE while too many of the tenant wait. */
  create(record: ForecastRecord, input: Buffer): Promise<void>
  get(name: ForecastName): Promise<ForecastRecord | undefined>
  /** Newest first. */
  list(tenant: string, page: { readonly limit: number; readonly cursor?: string }): Promise<ForecastPage>
  input(name: ForecastName): Promise<Buffer | undefined>
  result(name: ForecastName): Promise<Buffer | undefined>
  /** False when it is over, or forgotten. */
  note(
    name: ForecastName,
    fields: Partial<Pick<ForecastRecord, 'status' | 'startedMs' | 'done' | 'total'>>,
  ): Promise<boolean>
  /** Only the first end counts: false when it was over before, or forgotten. */
  succeed(name: ForecastName, result: Buffer, made: Pick<ForecastRecord, 'revision'>): Promise<boolean>
  fail(name: ForecastName, error: ForecastError): Promise<boolean>
  cancel(name: ForecastName): Promise<boolean>
}

/** No tenant's name holds a brace. */
const keysOf = (tenant: string) => {
  const prefix = `{at:f:${tenant}}:`
  return { prefix, index: `${prefix}ids`, record: `${prefix}rec:`, input: `${prefix}in:`, result: `${prefix}out:` }
}

export function createForecastStore(redis: RedisClient, now: () => number): ForecastStore {
  const limits = forecastLimits
  const get = async ({ tenant, id }: ForecastName) =>
    decoded(await redisCall('read a forecast', redis.hgetall(keysOf(tenant).record + id)), now())
  const end = async ({ tenant, id }: ForecastName, result: Buffer, fields: Fields) => {
    const { prefix, index } = keysOf(tenant)
    const answer = await runLua(
      redis,
      endScript,
      [index],
      [...[prefix, id, limits.keptBytes, limits.keepMs, result], ...flat({ ...fields, endedMs: now() })],
    )
    return answer === 1
  }
  return {
    get,
    async create(record, input) {
      const { tenant, id, createdMs } = record
      const { prefix, index } = keysOf(tenant)
      const answer = await runLua(
        redis,
        createScript,
        [index],
        [
          ...[
            prefix,
            id,
            createdMs,
            limits.pending,
            createdMs - limits.inputMs,
            limits.kept,
            createdMs - limits.keepMs,
          ],
          ...[limits.keepMs, limits.inputMs, input, ...flat(encoded(record))],
        ],
      )
      if (answer === 1) return
      throw new AppError('WORKER_UNAVAILABLE', `${limits.pending} forecasts of yours wait already: ask again later`)
    },
    async list(tenant, { limit, cursor }) {
      const ids = await redisCall('list forecasts', redis.zrevrange(keysOf(tenant).index, 0, -1))
      // a page whose last forecast was forgotten meanwhile is followed by nothing
      const before = cursor === undefined ? undefined : decodeCursor(cursor, idPlace)[0]
      const from = before === undefined ? 0 : ids.includes(before) ? ids.indexOf(before) + 1 : ids.length
      const page = ids.slice(from, from + limit)
      const found = await Promise.all(page.map((id) => get({ tenant, id })))
      const last = page.at(-1)
      return {
        forecasts: found.filter((record) => record !== undefined),
        ...(last !== undefined && from + limit < ids.length && { cursor: encodeCursor(last) }),
      }
    },
    input: async ({ tenant, id }) =>
      (await redisCall('read a request', redis.getBuffer(keysOf(tenant).input + id))) ?? undefined,
    result: async ({ tenant, id }) =>
      (await redisCall('read a result', redis.getBuffer(keysOf(tenant).result + id))) ?? undefined,
    async note({ tenant, id }, fields) {
      const { prefix, index } = keysOf(tenant)
      return (await runLua(redis, noteScript, [index], [prefix, id, ...flat({ ...fields })])) === 1
    },
    succeed: (name, result, { revision }) =>
      end(name, result, { status: 'succeeded', ...(revision !== undefined && { revision }) }),
    fail: (name, { code, message, problems }) =>
      end(name, nothing, {
        status: 'failed',
        error: JSON.stringify({ code, message: message.slice(0, 2_000), problems }),
      }),
    cancel: (name) => end(name, nothing, { status: 'cancelled' }),
  }
}

const nothing = Buffer.alloc(0)

type Fields = Readonly<Record<string, string | number>>

const flat = (fields: Fields): (string | number)[] => Object.entries(fields).flat()

function encoded({ quantileLevels, error: _, ...plain }: ForecastRecord): Fields {
  return { ...plain, quantileLevels: quantileLevels.join(' ') }
}

const numbers = ['createdMs', 'startedMs', 'endedMs', 'done', 'total', 'predictionLength'] as const

/** Only `create`, `note` and the ends write these hashes: their shape is trusted. */
function decoded(fields: Readonly<Record<string, string>>, nowMs: number): ForecastRecord | undefined {
  const { id, tenant, actor, status, model, revision, input, query, datasource } = fields
  const { quantileLevels, error } = fields
  if (id === undefined || tenant === undefined) return undefined
  const counts = Object.fromEntries(
    numbers.flatMap((name) => (fields[name] === undefined ? [] : [[name, +fields[name]]])),
  )
  const record = {
    ...{ id, tenant, actor: actor ?? '', status: status as ForecastStatus, model: model ?? '' },
    input: input as ForecastRecord['input'],
    ...(query !== undefined && { query }),
    ...(datasource !== undefined && { datasource }),
    ...(revision !== undefined && { revision }),
    quantileLevels: (quantileLevels ?? '').split(' ').map(Number),
    ...(counts as Pick<ForecastRecord, (typeof numbers)[number]>),
    ...(error !== undefined && { error: JSON.parse(error) as ForecastError }),
  }
  // its input is gone: no worker will ever end it
  if (isOver(record) || nowMs - record.createdMs <= forecastLimits.inputMs) return record
  const lost = { code: 'RUN_TIMEOUT', message: 'no worker has done it within an hour', problems: [] } as const
  return { ...record, status: 'failed', error: lost }
}
