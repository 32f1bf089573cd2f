import type { RedisClient } from '../../tasks/cache/redis.ts'
import { missionKeys as keys } from './missions/mission-keys.ts'
import { redisCall } from './redis-call.ts'

/** Which installation a Redis belongs to: an empty one bears no id until it was filled. */
export interface Installation {
  id(): Promise<string | undefined>
  /** Answers the id that Redis bears from now on: another process may have been quicker. */
  found(id: string): Promise<string>
}

export function createInstallation(redis: RedisClient): Installation {
  const id = async () => (await redisCall('read the installation id', redis.get(keys.installation))) ?? undefined
  return {
    id,
    async found(wanted) {
      await redisCall('set the installation id', redis.set(keys.installation, wanted, 'NX'))
      return (await id()) ?? wanted
    },
  }
}
