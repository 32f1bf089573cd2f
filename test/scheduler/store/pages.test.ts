import { expect, test } from 'vitest'
import {
  decodeCursor,
  encodeCursor,
  everyPage,
  filteredPage,
  idPlace,
  type PageOptions,
} from '../../../scheduler/store/pages.ts'

/** The numbers below `count`, as a store would list them. */
function numbers(count: number) {
  const asked: PageOptions[] = []
  const read = async (page: PageOptions) => {
    asked.push(page)
    const from = Number(page.cursor ?? 0)
    const end = Math.min(count, from + page.limit)
    const items = Array.from({ length: end - from }, (_, i) => from + i)
    return { items, ...(end < count && { cursor: `${end}` }) }
  }
  return { read, asked }
}

test('every page of a list, none twice', async () => {
  const { read, asked } = numbers(5)
  const pages: number[][] = []
  for await (const { items } of everyPage(read, 2)) pages.push([...items])
  expect(pages).toEqual([[0, 1], [2, 3], [4]])
  expect(asked.map(({ cursor }) => cursor)).toEqual([undefined, '2', '4'])
})

test('a filtered page reads on until it is full, and says where to go on', async () => {
  const { read } = numbers(100)
  const isEven = (number: number) => number % 2 === 0
  const first = await filteredPage({ limit: 3 }, read, isEven)
  expect(first.items).toEqual([0, 2, 4])
  const second = await filteredPage({ limit: 3, cursor: first.cursor ?? '' }, read, isEven)
  expect(second.items[0]).toBe(6)
})

test('the last page has no cursor; a filter that matches nothing ends after twenty reads with one', async () => {
  expect(await filteredPage({ limit: 10 }, numbers(4).read, () => true)).toEqual({ items: [0, 1, 2, 3] })
  const { read, asked } = numbers(1_000)
  expect(await filteredPage({ limit: 5 }, read, () => false)).toEqual({ items: [], cursor: '100' })
  expect(asked).toHaveLength(20)
})

test.each(['x', '', '5', 'a:b', encodeCursor(5), encodeCursor('a', 'b')])(
  '%j is no cursor of a list by id',
  (cursor) => {
    expect(() => decodeCursor(cursor, idPlace)).toThrow(
      expect.objectContaining({ code: 'INVALID_PARAMS', problems: [expect.objectContaining({ pointer: '/cursor' })] }),
    )
    expect(decodeCursor(encodeCursor('ä/b'), idPlace)).toEqual(['ä/b'])
  },
)
