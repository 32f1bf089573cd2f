import { Cluster, type Redis } from 'ioredis'
import { AppError, toAppError } from '../../models/errors.ts'
import type { RedisClient } from '../../tasks/cache/redis.ts'

export interface RedisReport {
  readonly version: string
  /** Why this Redis must not be used; empty when it may. */
  readonly problems: readonly string[]
  /** Worth telling at the start. */
  readonly warnings: readonly string[]
}

/** Oldest release that BullMQ takes without a warning. */
const oldest = [6, 2] as const

/** Reads INFO only: managed Redis often forbids CONFIG. Of a cluster every master. @throws REDIS_UNAVAILABLE */
export async function checkRedis(client: RedisClient): Promise<RedisReport> {
  try {
    const masters = client instanceof Cluster ? client.nodes('master') : [client]
    const reports = (await Promise.all(masters.map(infoOf))).map((text) => judgeRedis(parseInfo(text)))
    const [first] = reports
    if (!first) throw new AppError('REDIS_UNAVAILABLE', 'no master of the cluster answers')
    return {
      version: first.version,
      problems: [...new Set(reports.flatMap(({ problems }) => problems))],
      warnings: [...new Set(reports.flatMap(({ warnings }) => warnings))],
    }
  } catch (error) {
    throw toAppError(error, 'REDIS_UNAVAILABLE')
  }
}

async function infoOf(node: Redis): Promise<string> {
  const sections = await Promise.all(['server', 'memory', 'persistence', 'cluster'].map((name) => node.info(name)))
  const isClustered = sections.some((section) => section.includes('cluster_enabled:1'))
  return [...sections, ...(isClustered ? [await node.cluster('INFO')] : [])].join('\r\n')
}

export function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^([a-z0-9_]+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]))
}

export function judgeRedis(info: ReadonlyMap<string, string>): RedisReport {
  const version = info.get('redis_version') ?? 'unknown'
  const policy = info.get('maxmemory_policy')
  const problems: string[] = []
  const warnings: string[] = []
  if (isOlder(version)) problems.push(`Redis ${version} is too old: ${oldest.join('.')} or newer is needed`)
  if (policy === undefined) warnings.push('maxmemory-policy cannot be seen: make sure that it is noeviction')
  else if (policy !== 'noeviction')
    problems.push(`maxmemory-policy is ${policy}: missions would vanish, set noeviction`)
  if (info.get('aof_enabled') === '0')
    warnings.push('appendonly is off: a crash of Redis loses all since its last snapshot, set appendonly yes')
  if (info.get('cluster_state') === 'fail') problems.push('the cluster has slots that no master serves')
  if (info.get('aof_last_write_status') === 'err') problems.push('Redis cannot write its append-only file')
  return { version, problems, warnings }
}

function isOlder(version: string): boolean {
  const [major = Number.NaN, minor = 0] = version.split('.').map(Number)
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1])
}
