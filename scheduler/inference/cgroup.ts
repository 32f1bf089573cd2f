import { readFileSync } from 'node:fs'

export interface CgroupLimits {
  /** Processor time per time, as 1.5; undefined: no limit. */
  readonly cores: number | undefined
  readonly memoryBytes: number | undefined
}

/** Content of a file; undefined where it is not there. */
export type ReadText = (path: string) => string | undefined

const mount = '/sys/fs/cgroup'
// version 1 writes "no limit" as the largest whole pages in 63 bit
const noLimitBytes = 2 ** 62

/** Limits of this process's control group and of all above it, versions 1 and 2. Node 20 looks at none of them. */
export function cgroupLimits(read: ReadText = readIfThere): CgroupLimits {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map(parseGroup)
  const cores: (number | undefined)[] = []
  const memory: (number | undefined)[] = []
  for (const { controllers, path } of groups) {
    for (const folder of withAncestors(path)) {
      if (controllers === '') {
        cores.push(quota(read(`${mount}${folder}/cpu.max`)))
        memory.push(bytes(read(`${mount}${folder}/memory.max`)))
      }
      if (controllers.split(',').includes('cpu')) cores.push(quotaOfVersion1(read, `${mount}/${controllers}${folder}`))
      if (controllers === 'memory') memory.push(bytes(read(`${mount}/memory${folder}/memory.limit_in_bytes`)))
    }
  }
  return { cores: least(cores), memoryBytes: least(memory) }
}

/** `4:memory:/pod/container`; of version 2 `0::/container`. */
function parseGroup(line: string): { readonly controllers: string; readonly path: string } {
  const [, controllers = 'none', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
  return { controllers, path }
}

/**
 * `/a/b`, `/a` and the root. In a container the path may be the host's, which is not there, while the root of the mount is
 * the container's own group.
 */
function withAncestors(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  return names.map((_, i) => `/${names.slice(0, names.length - i).join('/')}`).concat('')
}

/** `200000 100000`: microseconds in every so many. */
function quota(text: string | undefined): number | undefined {
  const [time, period] = (text ?? '').trim().split(/\s+/).map(Number)
  return time !== undefined && period !== undefined && time > 0 && period > 0 ? time / period : undefined
}

function quotaOfVersion1(read: ReadText, folder: string): number | undefined {
  return quota(`${read(`${folder}/cpu.cfs_quota_us`)?.trim()} ${read(`${folder}/cpu.cfs_period_us`)?.trim()}`)
}

function bytes(text: string | undefined): number | undefined {
  const limit = Number.parseInt(text ?? '', 10)
  return limit > 0 && limit < noLimitBytes ? limit : undefined
}

function least(limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
