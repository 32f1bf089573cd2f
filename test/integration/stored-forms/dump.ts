import type { Redis } from 'ioredis'

/** UTF-8 as text; anything else as base64. */
type Cell = string | { readonly base64: string }

/** What lies at a key: a hash or a sorted set as pairs, one after the other. */
export interface DumpedKey {
  readonly key: string
  readonly type: 'string' | 'hash' | 'zset' | 'set' | 'list' | 'stream'
  readonly cells: readonly Cell[]
}

/** Without what another process writes anew as soon as it starts, and BullMQ's own notes of the past. */
const passing = [
  /^\{at\}:(lease|bfhold):/,
  /^\{at\}:hb:/,
  /^\{at\}:processes$/,
  /^\{at\}:rate:/,
  /^\{at\}:q:[^:]+:(events|stalled.*)$/,
]

/** Every key of a Redis, by name. */
export async function dumpRedis(redis: Redis): Promise<DumpedKey[]> {
  const names = (await redis.keys('*')).filter((name) => !passing.some((pattern) => pattern.test(name))).sort()
  return Promise.all(
    names.map(async (key): Promise<DumpedKey> => {
      const type = (await redis.type(key)) as DumpedKey['type']
      return { key, type, cells: (await readers[type](redis, key)).map(cellOf) }
    }),
  )
}

/** What was dumped, for ever: tests read it long after it would have been forgotten. */
export async function loadRedis(redis: Redis, dumped: readonly DumpedKey[]): Promise<void> {
  for (const { key, type, cells } of dumped) await writers[type](redis, key, cells.map(bytesOf))
}

const readers: Readonly<Record<DumpedKey['type'], (redis: Redis, key: string) => Promise<Buffer[]>>> = {
  string: async (redis, key) => [(await redis.getBuffer(key)) ?? Buffer.alloc(0)],
  hash: async (redis, key) => sortedPairs((await redis.callBuffer('HGETALL', key)) as Buffer[]),
  zset: (redis, key) => redis.zrangeBuffer(key, '0', '-1', 'WITHSCORES'),
  set: async (redis, key) => (await redis.smembersBuffer(key)).sort(Buffer.compare),
  list: (redis, key) => redis.lrangeBuffer(key, 0, -1),
  stream: async (redis, key) =>
    (await redis.xrange(key, '-', '+')).map(([id, fields]) => Buffer.from(JSON.stringify([id, ...fields]))),
}

const writers: Readonly<Record<DumpedKey['type'], (redis: Redis, key: string, cells: Buffer[]) => Promise<unknown>>> = {
  string: (redis, key, [value = Buffer.alloc(0)]) => redis.set(key, value),
  hash: (redis, key, cells) => redis.hset(key, ...cells),
  zset: (redis, key, cells) => redis.call('ZADD', key, ...cells.map((_, i) => cells[i ^ 1]!)),
  set: (redis, key, cells) => redis.sadd(key, ...cells),
  list: (redis, key, cells) => redis.rpush(key, ...cells),
  async stream(redis, key, cells) {
    for (const cell of cells) await redis.xadd(key, ...(JSON.parse(cell.toString()) as [string, ...string[]]))
  },
}

function sortedPairs(cells: readonly Buffer[]): Buffer[] {
  const pairs = cells.flatMap((cell, i) => (i % 2 === 0 ? [[cell, cells[i + 1]!] as const] : []))
  // those name the folders of the machine that wrote them
  const kept = pairs.filter(([name]) => name.toString() !== 'stacktrace')
  return kept.sort(([a], [b]) => Buffer.compare(a, b)).flat()
}

function cellOf(bytes: Buffer): Cell {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') }
}

export const bytesOf = (cell: Cell): Buffer =>
  typeof cell === 'string' ? Buffer.from(cell) : Buffer.from(cell.base64, 'base64')
