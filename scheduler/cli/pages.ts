import { z } from 'zod'
import type { ApiClient } from './api-client.ts'

export interface PageRequest {
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Field of the answer that has the items. */
  readonly field: string
  /** Most items; default: all. */
  readonly limit?: number
}

const anyItem = z.looseObject({})

const perPage = 500

/** The items of every page of a list. A newer server may know more of an item than this client. */
export async function allPages<Item extends object>(
  client: ApiClient,
  request: PageRequest,
  item: z.ZodType = anyItem,
): Promise<Item[]> {
  const { path, query, field, limit = Number.POSITIVE_INFINITY } = request
  const page = z.object({ [field]: z.array(item), cursor: z.string().optional() })
  const items: Item[] = []
  let cursor: string | undefined
  do {
    const asked = { ...query, limit: `${Math.min(perPage, limit - items.length)}`, cursor }
    const answer = page.parse(await client.call({ path, query: asked }))
    items.push(...(answer[field] as Item[]))
    cursor = answer.cursor as string | undefined
  } while (cursor !== undefined && items.length < limit)
  return items
}
