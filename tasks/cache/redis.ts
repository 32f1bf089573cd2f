import type { Cluster, Redis } from 'ioredis'
import { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { PayloadRef } from '../deps.ts'

export type RedisClient = Redis | Cluster

/** All keys of a mission lie in one hash slot. */
export function keysOf({ tenant, mission }: MissionName): { prefix: string; list: string; payloadPrefix: string } {
  const prefix = `{at:m:${tenant}/${mission}}`
  return { prefix, list: `${prefix}:list`, payloadPrefix: `${prefix}:p:` }
}

export const payloadKey = (mission: MissionName, { nonce }: PayloadRef) => keysOf(mission).payloadPrefix + nonce
/** Field of the list. */
export const entryField = ({ bandKey, nominalMs, kind }: PayloadRef) => `${bandKey}.${nominalMs}.${kind}`
/** Field of a payload. */
export const stepField = (ms: number) => `b${ms}`

/** @throws REDIS_UNAVAILABLE naming the key, for whatever kept Redis from answering. */
export async function calling<T>(verb: string, key: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new AppError('REDIS_UNAVAILABLE', `forecast cache: cannot ${verb} ${key}: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

/** A refused transaction only says that it was: the reason is with the command that was refused. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [first] = (error as { previousErrors?: Error[] }).previousErrors ?? []
  return (first ?? error).message
}
