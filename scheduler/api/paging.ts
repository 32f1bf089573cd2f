import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

/** Of every list. */
export const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(1_024).exactOptional().describe('From the page before'),
})

/** `Link: <...>; rel="next"` while there is more. */
export function nextLink({ url }: FastifyRequest, reply: FastifyReply, cursor: string | undefined): void {
  if (cursor === undefined) return
  const [path = '', query] = url.split('?')
  const search = new URLSearchParams(query)
  search.set('cursor', cursor)
  reply.header('link', `<${path}?${search}>; rel="next"`)
}
