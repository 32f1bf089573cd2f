import { z } from 'zod'
import { AppError } from '../../models/errors.ts'

/** Of a list: how many items at most, and where to go on. */
export interface PageOptions {
  readonly limit: number
  readonly cursor?: string
}

interface Cursored {
  /** undefined on the last page. */
  readonly cursor?: string
}

/** Every page of a list. */
export async function* everyPage<Page extends Cursored>(
  read: (page: PageOptions) => Promise<Page>,
  limit: number,
): AsyncGenerator<Page> {
  let cursor: string | undefined
  do {
    const page = await read({ limit, ...(cursor !== undefined && { cursor }) })
    yield page
    cursor = page.cursor
  } while (cursor !== undefined)
}

export interface ItemPage<Item> extends Cursored {
  readonly items: readonly Item[]
}

/** A filter that matches hardly anything ends after so many reads, with a cursor to go on from. */
const maxReads = 20

/** A page of the items that fit, where the store has no index for what they are filtered by. */
export async function filteredPage<Item>(
  { limit, cursor: from }: PageOptions,
  read: (page: PageOptions) => Promise<ItemPage<Item>>,
  fits: (item: Item) => boolean,
): Promise<ItemPage<Item>> {
  const items: Item[] = []
  let cursor = from
  for (let reads = 0; reads < maxReads && items.length < limit; reads++) {
    const page = await read({ limit: limit - items.length, ...(cursor !== undefined && { cursor }) })
    items.push(...page.items.filter(fits))
    cursor = page.cursor
    if (cursor === undefined) break
  }
  return { items, ...(cursor !== undefined && { cursor }) }
}

/** Opaque to callers: the place in a list after which it goes on. */
export const encodeCursor = (...place: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(place)).toString('base64url')

/** Of a list by id. */
export const idPlace = z.tuple([z.string()])

/** @throws INVALID_PARAMS for what is no cursor of a list with such places. */
export function decodeCursor<Place extends z.ZodType>(cursor: string, place: Place): z.output<Place> {
  const text = Buffer.from(cursor, 'base64url').toString()
  const parsed = z.preprocess(parseJson, place).safeParse(text)
  if (parsed.success) return parsed.data
  const detail = 'no cursor of this list: send the one of the page before'
  throw new AppError('INVALID_PARAMS', `cursor: ${detail}`, { problems: [{ pointer: '/cursor', detail }] })
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}
