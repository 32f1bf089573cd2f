import type { FastifyReply, FastifyRequest } from 'fastify'

export interface WrittenThing {
  readonly outcome: 'created' | 'updated' | 'unchanged'
  /** Below /api/v1: `/missions/cpu`. */
  readonly path: string
}

/** Status and Location of a write; where nothing changed there is nothing for the audit log. */
export function tellOutcome(request: FastifyRequest, reply: FastifyReply, { outcome, path }: WrittenThing): void {
  if (outcome === 'created') reply.code(201).header('location', `/api/v1${path}`)
  if (outcome === 'unchanged') request.changed = []
}
