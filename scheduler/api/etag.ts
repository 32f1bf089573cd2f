import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { type missionView, viewMission } from './views.ts'

/** The generation of what is answered becomes the ETag. */
export function tag(reply: FastifyReply, { generation }: { readonly generation: number }): void {
  reply.header('etag', `"${generation}"`)
}

/** The mission as callers see it; its generation becomes the ETag. */
export function tagged(reply: FastifyReply, mission: StoredMission): z.output<typeof missionView> {
  tag(reply, mission)
  return viewMission(mission)
}

interface Preconditions {
  readonly ifGeneration?: number
  readonly createOnly?: boolean
}

/**
 * What If-Match and If-None-Match ask for; `present` reads the generation that is stored.
 * @throws INVALID_PARAMS when they are neither `*` nor an ETag of ours.
 */
export async function preconditions(
  { headers }: Pick<FastifyRequest, 'headers'>,
  present: () => Promise<{ readonly generation: number }>,
): Promise<Preconditions> {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (noneMatch !== undefined && noneMatch !== '*')
    throw new AppError('INVALID_PARAMS', `If-None-Match: ${noneMatch}: only * makes sense here`)
  const createOnly = noneMatch === '*' ? { createOnly: true } : {}
  if (match === undefined) return createOnly
  if (match === '*') return { ...createOnly, ifGeneration: (await present()).generation }
  const [, generation] = /^"(\d+)"$/.exec(match) ?? []
  if (generation === undefined)
    throw new AppError('INVALID_PARAMS', `If-Match: ${match}: send the ETag as read, as "3"`)
  return { ...createOnly, ifGeneration: Number(generation) }
}
