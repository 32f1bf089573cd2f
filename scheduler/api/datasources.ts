import { z } from 'zod'
import type { ApiDeps } from './deps.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const tags = ['datasources']

const checkView = z
  .object({
    ok: z.boolean(),
    findings: z.array(z.object({ severity: z.enum(['error', 'warning', 'info']), detail: z.string() })),
  })
  .meta({ id: 'DatasourceCheck' })

const listView = z
  .object({ datasources: z.array(z.object({ name: z.string(), kind: z.string(), futureWrites: z.string() })) })
  .meta({ id: 'Datasources' })

/** /api/v1/datasources */
export function datasourceRoutes(app: Api, { datasources }: ApiDeps): void {
  app.get('/datasources', {
    schema: {
      ...{ tags, summary: 'Stores that missions may name; the first is the default' },
      response: { 200: listView, ...problemResponses },
    },
    handler: async ({ caller }) => ({ datasources: [...datasources.list(caller.tenant)] }),
  })

  app.post('/datasources/:name/check', {
    schema: {
      ...{ tags, summary: 'Ask a store whether it can be read and written', params: z.object({ name: z.string() }) },
      response: { 200: checkView, ...problemResponses },
    },
    handler: async (request) => {
      const gone = new AbortController()
      request.raw.socket.once('close', () => gone.abort())
      const { ok, findings } = await datasources.check(request.caller.tenant, request.params.name, gone.signal)
      return { ok, findings: [...findings] }
    },
  })
}
