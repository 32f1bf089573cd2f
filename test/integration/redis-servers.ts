import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { vi } from 'vitest'
import { startProcess } from '../../scheduler/stack/process.ts'
import { freePort, type Server, startRedis } from '../../scheduler/stack/servers.ts'

/** Redis servers that belong together; all are stopped and their folder removed by `close`. */
function serverGroup() {
  const dir = mkdtempSync(join(tmpdir(), 'at-redis-'))
  const stops: (() => Promise<void>)[] = []
  return {
    dir,
    async redis(extraArgs: readonly string[]): Promise<Server> {
      const port = await freePort()
      const server = await startRedis({ dir: join(dir, `${port}`), port, extraArgs })
      stops.push(() => server.stop())
      return server
    },
    stops,
    async close() {
      await Promise.all(stops.map((stop) => stop()))
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** One question to one server. */
export async function asked<T>(server: Server, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(server.url)
  try {
    return await question(redis)
  } finally {
    redis.disconnect()
  }
}

/** Three masters, made by redis-cli as operators do, and a replica of the one that serves `{at}`. */
export async function startCluster() {
  const group = serverGroup()
  const clustered = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000']
  const [first, ...rest] = await Promise.all([1, 2, 3, 4].map(() => group.redis(clustered)))
  const [second, third, replica] = rest
  if (!first || !second || !third || !replica) throw new Error('four servers were started')
  const masters = [first, second, third]
  const addresses = masters.map(({ port }) => `127.0.0.1:${port}`)
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'ignore' })
  const control = await holderOf(masters)
  const masterId = await asked(control, (redis) => redis.cluster('MYID'))
  await asked(replica, async (redis) => {
    await redis.cluster('MEET', '127.0.0.1', control.port)
    await vi.waitFor(() => redis.call('CLUSTER', 'REPLICATE', masterId), { timeout: 10_000, interval: 100 })
    await vi.waitFor(
      async () => {
        if (!(await redis.info('replication')).includes('master_link_status:up')) throw new Error('no link yet')
      },
      { timeout: 10_000, interval: 100 },
    )
  })
  return { dir: group.dir, masters, control, replica, close: group.close }
}

/** The master that serves `{at}`. */
function holderOf(masters: readonly Server[]): Promise<Server> {
  return vi.waitFor(
    async () => {
      for (const master of masters) {
        const isHolder = await asked(master, (redis) => redis.exists('{at}:due')).catch(() => undefined)
        if (isHolder !== undefined) return master
      }
      throw new Error('the cluster is not whole yet')
    },
    { timeout: 10_000, interval: 100 },
  )
}

/** A master, its replica, and a sentinel that fails over after half a second. */
export async function startSentinel() {
  const group = serverGroup()
  const master = await group.redis([])
  const replica = await group.redis(['--replicaof', '127.0.0.1', `${master.port}`])
  const port = await freePort()
  const file = join(group.dir, 'sentinel.conf')
  const watch = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${group.dir}`, `sentinel monitor at 127.0.0.1 ${master.port} 1`],
    ...['sentinel down-after-milliseconds at 500', 'sentinel failover-timeout at 5000'],
  ]
  writeFileSync(file, `${watch.join('\n')}\n`)
  const url = `redis://127.0.0.1:${port}`
  const sentinel = await startProcess({
    ...{ name: 'redis-sentinel', command: 'redis-server', args: [file, '--sentinel'] },
    logFile: join(group.dir, 'sentinel.log'),
    // it learns of the replica from the master, every ten seconds
    ready: async () => knowsReplica(url).catch(() => false),
  })
  group.stops.push(() => sentinel.stop())
  return { url, master, replica, close: group.close }
}

async function knowsReplica(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    const replicas = (await redis.call('SENTINEL', 'REPLICAS', 'at')) as readonly unknown[]
    return replicas.length > 0 && JSON.stringify(replicas).includes('"master-link-status","ok"')
  } finally {
    redis.disconnect()
  }
}
