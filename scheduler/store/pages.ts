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
