import { AppError } from '../../models/errors.ts'
import type { Config } from '../config.ts'

/** What only `up` and `run` can do without. @throws INVALID_CONFIG. */
export function requireRedis({ redis }: Pick<Config, 'redis'>): NonNullable<Config['redis']> {
  if (redis) return redis
  throw new AppError('INVALID_CONFIG', 'redis.url is missing (AT_REDIS_URL): there is no local default')
}
