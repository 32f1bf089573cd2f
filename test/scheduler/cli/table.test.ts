import { expect, test } from 'vitest'
import { relativeTime, textTable } from '../../../scheduler/cli/table.ts'

test('columns are as wide as their widest cell', () => {
  const rows = [
    { name: 'a', count: 100 },
    { name: 'longer', count: 7 },
  ]
  const table = textTable(rows, [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'N', cell: ({ count }) => `${count}`, align: 'right' },
    { title: 'TEXT', cell: () => 'x' },
  ])
  expect(table).toBe('NAME      N  TEXT\na       100  x\nlonger    7  x')
})

test.each([
  { instant: undefined, text: '-' },
  { instant: '2026-11-24T11:59:48Z', text: '12 s ago' },
  { instant: '2026-11-24T12:30:00Z', text: 'in 30 min' },
  { instant: '2026-11-24T02:00:00Z', text: '10 h ago' },
  { instant: '2026-11-14T12:00:00Z', text: '10 d ago' },
])('$instant is $text', ({ instant, text }) => {
  expect(relativeTime(instant, Date.parse('2026-11-24T12:00:00Z'))).toBe(text)
})
