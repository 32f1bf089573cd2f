import type { z } from 'zod'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { isLoopback, tryParseAddress } from './address.ts'
import { didYouMean } from './did-you-mean.ts'
import { redisFindings } from './redis-checks.ts'
import { apiKey, defaultListen } from './schema.ts'
import type { Finding } from './zod-problems.ts'

/** What no single setting shows. Runs on what was written, beside the schema, so that all problems come at once. */
export function crossCheck(tree: unknown): Finding[] {
  const {
    listen = defaultListen,
    apiKeys,
    tokens,
    datasources,
    redis,
    limits,
  } = Object(tree) as Readonly<Record<string, unknown>>
  const keys = validItems(apiKey, apiKeys)
  const sources = validItems(datasourceConfig, datasources)
  return [
    ...openToAll(listen, apiKeys, tokens),
    ...redisFindings(redis),
    ...repeats(
      ['apiKeys', 'name'],
      keys.map((item) => item?.name),
    ),
    ...repeats(
      ['apiKeys', 'key'],
      keys.map((item) => item?.key),
    ),
    ...repeats(
      ['apiKeys', 'sha256'],
      keys.map((item) => item?.sha256),
    ),
    ...repeats(
      ['datasources', 'name'],
      sources.map((item) => item?.name),
    ),
    ...sources.flatMap((item, i) => (item ? unreadable(item, i) : [])),
    ...unknownNames(
      Object(limits).datasources,
      sources.flatMap((item) => item?.name ?? []),
    ),
  ]
}

function openToAll(listen: unknown, apiKeys: unknown, tokens: unknown): Finding[] {
  const host = typeof listen === 'string' ? tryParseAddress(listen)?.host : undefined
  const asksWho = (Array.isArray(apiKeys) && apiKeys.length > 0) || tokens !== undefined
  if (host === undefined || isLoopback(host) || asksWho) return []
  return [
    {
      path: ['listen'],
      detail: `${listen} can be reached from outside: give apiKeys or tokens, or listen on 127.0.0.1`,
    },
  ]
}

/** Secrets and certificates are read once at the start, to be reported with the rest. */
function unreadable(config: z.output<typeof datasourceConfig>, i: number): Finding[] {
  try {
    resolveDatasource(config)
    return []
  } catch (error) {
    return [{ path: ['datasources', i], detail: error instanceof Error ? error.message : String(error) }]
  }
}

/** A limit of a datasource that is none would limit nothing. */
function unknownNames(limits: unknown, names: readonly string[]): Finding[] {
  const unknown = Object.keys(Object(limits)).filter((name) => !names.includes(name))
  return unknown.map((name) => ({
    path: ['limits', 'datasources', name],
    detail: `no datasource "${name}" is configured${didYouMean(name, names)}`,
  }))
}

/** One element per item, undefined where the schema refuses it. */
function validItems<Schema extends z.ZodType>(schema: Schema, items: unknown): (z.output<Schema> | undefined)[] {
  return Array.isArray(items) ? items.map((item) => schema.safeParse(item).data) : []
}

function repeats([list, field]: readonly [string, string], values: readonly (string | undefined)[]): Finding[] {
  return values.flatMap((value, i) =>
    value !== undefined && values.indexOf(value) < i
      ? [{ path: [list, i, field], detail: `the same ${field} as ${list}.${values.indexOf(value)}` }]
      : [],
  )
}
