import rateLimit from '@fastify/rate-limit'
import { AppError } from '../../models/errors.ts'
import type { ApiDeps } from './deps.ts'
import type { Api } from './types.ts'

/**
 * So many requests a minute of each key or user, over all replicas. Without keys there is one caller only, who may.
 * For routes that come after it; while Redis is away nothing is counted.
 */
export async function limitRates(api: Api, { config, rateRedis }: ApiDeps): Promise<void> {
  const { apiKeys, tokens, requestsPerMinute: max } = config
  if (apiKeys.length === 0 && !tokens) return
  await api.register(rateLimit, {
    ...{ max, timeWindow: 60_000, skipOnError: true, nameSpace: '{at}:rate:' },
    ...(rateRedis && { redis: rateRedis }),
    keyGenerator: ({ caller }) => `${caller.tenant}/${caller.name}`,
    errorResponseBuilder: ({ caller }, { ttl }) => {
      const text = `"${caller.name}" has sent ${max} requests within a minute`
      return new AppError('RATE_LIMITED', text, { retryAfterMs: ttl })
    },
  })
}
