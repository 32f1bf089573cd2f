import { z } from 'zod'
import type { AuditEntry } from '../store/audit-store.ts'
import type { ApiDeps } from './deps.ts'
import { listQuery, nextLink } from './paging.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'
import { instant, toInstant } from './views.ts'

export const entryView = z
  .object({
    id: z.string(),
    at: instant,
    actor: z.string().describe('Name of the key, or user of the token'),
    method: z.string(),
    path: z.string(),
    status: z.int(),
    generation: z.int().optional().describe('Of what was written'),
    changes: z.array(z.string()).optional().describe('What of many things it changed, at most a hundred in an entry'),
    requestId: z.string(),
  })
  .meta({ id: 'AuditEntry' })

/** Notes every change that was made, before its caller hears of it. For routes that come after it. */
export function auditChanges(api: Api, { audit, now }: ApiDeps): void {
  api.addHook('onSend', async (request, reply) => {
    const { method, caller, url, id: requestId, routeOptions, log, changed } = request
    const isChange = method !== 'GET' && method !== 'HEAD' && routeOptions.config.scope !== 'read'
    // one that failed half-way tells what it has changed
    if (!isChange || (reply.statusCode >= 400 && !changed?.length)) return
    const [, generation] = /^"(\d+)"$/.exec(String(reply.getHeader('etag') ?? '')) ?? []
    const change = { atMs: now(), actor: caller.name, method, path: url, status: reply.statusCode, requestId }
    const entry = { ...change, ...(generation !== undefined && { generation: Number(generation) }) }
    for (const part of changed ? partsOf(changed) : [undefined]) {
      // it has been made, and its caller must not make it again
      await audit
        .add(caller.tenant, { ...entry, ...(part && { changes: part }) })
        .catch((error) => log.error({ err: error, change }, 'not in the audit log'))
    }
  })
}

/** One entry of thousands would be more than a page of others. */
const changesPerEntry = 100

function partsOf(changes: readonly string[]): string[][] {
  const parts = Math.ceil(changes.length / changesPerEntry)
  return Array.from({ length: parts }, (_, i) => changes.slice(i * changesPerEntry, (i + 1) * changesPerEntry))
}

/** /api/v1/audit */
export function auditRoutes(app: Api, { audit }: ApiDeps): void {
  app.get('/audit', {
    config: { scope: 'admin' },
    schema: {
      ...{ tags: ['system'], summary: 'Who changed what, newest first' },
      description: 'Of the tenant; the last 10,000 changes of 90 days.',
      querystring: listQuery,
      response: {
        200: z.object({ changes: z.array(entryView), cursor: z.string().optional() }).meta({ id: 'AuditPage' }),
        ...problemResponses,
      },
    },
    handler: async (request, reply) => {
      const { items, cursor } = await audit.list(request.caller.tenant, request.query)
      nextLink(request, reply, cursor)
      return { changes: items.map(viewEntry), ...(cursor !== undefined && { cursor }) }
    },
  })
}

function viewEntry({ atMs, changes, ...entry }: AuditEntry): z.output<typeof entryView> {
  return { at: toInstant(atMs), ...entry, ...(changes && { changes: [...changes] }) }
}
