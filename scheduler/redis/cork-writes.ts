import { Cluster, type Redis } from 'ioredis'
import type { RedisClient } from '../../tasks/cache/redis.ts'

/** Commands of one turn of the event loop leave in one write to the socket: ioredis writes each by itself. */
export function corkWrites(client: RedisClient): void {
  if (client instanceof Cluster) client.on('+node', corkNode)
  else corkNode(client)
}

function corkNode(client: Redis): void {
  client.on('connect', () => {
    const { stream } = client
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    let isCorked = false
    stream.write = (...args: unknown[]) => {
      if (!isCorked) {
        isCorked = true
        stream.cork()
        process.nextTick(() => {
          isCorked = false
          stream.uncork()
        })
      }
      return write(...args)
    }
  })
}
