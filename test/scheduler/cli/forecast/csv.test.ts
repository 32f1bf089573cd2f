import { expect, test } from 'vitest'
import { csvCell, parseCsv } from '../../../../scheduler/cli/forecast/csv.ts'

test.each([
  {
    text: 'a,b\n1,2\n',
    records: [
      ['a', 'b'],
      ['1', '2'],
    ],
  },
  {
    text: 'a;b\r\n1;2',
    records: [
      ['a', 'b'],
      ['1', '2'],
    ],
  },
  {
    text: 'a\tb\n1\t',
    records: [
      ['a', 'b'],
      ['1', ''],
    ],
  },
  {
    text: '\uFEFFa,b\n\n 1 , 2 \n',
    records: [
      ['a', 'b'],
      ['1', '2'],
    ],
  },
  { text: 'a\n"x, ""y""\nz"\n', records: [['a'], ['x, "y"\nz']] },
  { text: '', records: [] },
])('$text is $records', ({ text, records }) => {
  expect(parseCsv(text).map(({ cells }) => cells)).toEqual(records)
})

test('records know their lines, also behind a cell of two', () => {
  expect(parseCsv('a,b\n"x\ny",2\n\n3,4').map(({ line }) => line)).toEqual([1, 2, 5])
})

test('a quote that is never closed is named by its line', () => {
  expect(() => parseCsv('a\n1\n"x')).toThrow('line 3: a quote is never closed')
})

test.each([
  [null, ''],
  [1.5, '1.5'],
  ['a', 'a'],
  ['a,"b"', '"a,""b"""'],
])('%j is the cell %s', (value, cell) => {
  expect(csvCell(value)).toBe(cell)
})
