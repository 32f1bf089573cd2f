import { z } from 'zod'
import { type AppliedMission, applyMissions } from '../missions/bulk/apply-missions.ts'
import type { WrittenDocument } from '../missions/document/read-documents.ts'
import type { ApiDeps } from './deps.ts'
import { documentBodyTypes, readDocumentBodies } from './document-bodies.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const tags = ['missions']
const bodyLimit = 8 * 2 ** 20

const owner = z.string().min(1).max(200)

const itemView = z
  .object({
    outcome: z.enum(['created', 'updated', 'unchanged', 'pruned', 'failed']),
    id: z.string().describe('Empty where the document has none'),
    origin: z.string().optional().describe('Line of the body'),
    errors: z.array(z.object({ code: z.string(), detail: z.string(), pointer: z.string().optional() })).optional(),
    warnings: z.array(z.string()).optional(),
    changes: z
      .array(z.object({ pointer: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }))
      .optional()
      .describe('Of an update: the fields that it changes'),
  })
  .meta({ id: 'AppliedMission' })

const applyView = z
  .object({
    summary: z.record(z.string(), z.int()).describe('Items by outcome'),
    dryRun: z.boolean(),
    notPruned: z.string().optional().describe('Why nothing was pruned'),
    items: z.array(itemView).describe('In the order of the documents, then those that were pruned'),
  })
  .meta({ id: 'AppliedMissions' })

/** /api/v1/bulk/missions */
export function bulkMissionRoutes(app: Api, { missions }: ApiDeps): void {
  app.register(async (api: Api) => {
    readDocumentBodies(api)
    api.post('/bulk/missions/apply', {
      bodyLimit,
      schema: {
        ...{ tags, summary: 'Create or update up to 5,000 missions at once' },
        description:
          'A body of NDJSON, JSON (one, or a list) or up to 256 KiB of YAML (one or several documents). Every document is tried, whatever becomes of the others: the answer is 200 with an outcome for each. `owner` becomes the owner of documents that name none, and missions of other owners are refused. `prune=true` deletes the missions of the owner that no document names, unless a document failed. `dryRun=true` checks and compares, and changes nothing.',
        consumes: documentBodyTypes,
        querystring: z.strictObject({
          owner: owner.exactOptional(),
          prune: z.stringbool().default(false),
          dryRun: z.stringbool().default(false),
        }),
        response: { 200: applyView, ...problemResponses },
      },
      handler: async (request) => {
        const { body, query, caller } = request
        const documents = body as readonly WrittenDocument[]
        const asked = { ...query, documents, tenant: caller.tenant, actor: caller.name }
        const changed: string[] = []
        request.changed = changed
        const { items, notPruned } = await applyMissions(missions, asked, (item) => {
          if (!query.dryRun) changed.push(...changeOf(item))
        })
        return {
          ...{ summary: summaryOf(items), dryRun: query.dryRun },
          ...(notPruned !== undefined && { notPruned }),
          items: items.map(viewItem),
        }
      },
    })
  })
}

const changeOf = ({ outcome, id }: AppliedMission): string[] =>
  outcome === 'unchanged' || outcome === 'failed' ? [] : [`${outcome} mission ${id}`]

function summaryOf(items: readonly AppliedMission[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { outcome } of items) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

function viewItem({ errors, warnings, changes, ...item }: AppliedMission): z.output<typeof itemView> {
  return {
    ...item,
    ...(errors && { errors: errors.map((error) => ({ ...error })) }),
    ...(warnings && warnings.length > 0 && { warnings: [...warnings] }),
    ...(changes && { changes: changes.map((change) => ({ ...change })) }),
  }
}
