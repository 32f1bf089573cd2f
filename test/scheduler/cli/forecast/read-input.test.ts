import { expect, test } from 'vitest'
import { readInput } from '../../../../scheduler/cli/forecast/read-input.ts'

const none = { id: undefined, timestamp: undefined, target: undefined }

function read(text: string, columns: Partial<Record<keyof typeof none, string>> = {}) {
  const io = { out: () => undefined, err: () => undefined, environment: {}, readStdin: async () => text }
  return readInput('-', { ...none, ...columns }, io)
}

test('a line of NDJSON is a series; blank lines are none', async () => {
  const [part] = await read('{"values":[1,null]}\n\n{"labels":{"a":"1"},"values":[2]}\n')
  expect(part).toEqual({
    ...{ name: 'stdin', lines: [1, 3], warnings: [] },
    input: { series: [{ values: [1, null] }, { labels: { a: '1' }, values: [2] }] },
  })
})

test('a long NDJSON comes in parts', async () => {
  const parts = await read('{"values":[1]}\n'.repeat(2_500))
  expect(parts.map(({ lines }) => [lines.length, lines[0]])).toEqual([
    [1_000, 1],
    [1_000, 1_001],
    [500, 2_001],
  ])
})

test('a CSV is rows; usual names of columns are known, and empty cells are gaps', async () => {
  const [part] = await read('unique_id,ds,y,weather\na,2026-01-01,1.5,sun\na,2026-01-02,NaN,\na,1767398400,,rain\n')
  expect(part).toEqual({
    ...{ name: 'stdin', lines: [2, 3, 4] },
    warnings: ['columns that are not used: weather (covariates of a series come with NDJSON)'],
    input: {
      ...{ idColumn: 'unique_id', timestampColumn: 'ds', targetColumn: 'y' },
      rows: [
        { unique_id: 'a', ds: '2026-01-01', y: 1.5 },
        { unique_id: 'a', ds: '2026-01-02', y: null },
        { unique_id: 'a', ds: 1_767_398_400, y: null },
      ],
    },
  })
})

test('usual names are known in capitals as well, and go after those in small letters', async () => {
  const [part] = await read('Date,Value,value\n2026-01-01,1,2\n')
  expect(part?.input).toMatchObject({ rows: [{ Date: '2026-01-01', value: 2 }] })
})

test('columns may be named', async () => {
  const [part] = await read('shop,day,sold\na,2026-01-01,1', { id: 'shop', timestamp: 'day', target: 'sold' })
  expect(part?.input).toMatchObject({ idColumn: 'shop', rows: [{ shop: 'a', day: '2026-01-01', sold: 1 }] })
})

test.each([
  { text: '', columns: {}, error: 'stdin has no rows below a line of column names' },
  { text: '{"values":[1]}\n{', columns: {}, error: 'stdin:2: no JSON' },
  { text: '{"values":[1,NaN]}', columns: {}, error: '(write null for a gap: JSON has no NaN)' },
  { text: '[{"values":[1]}]', columns: {}, error: 'stdin is neither CSV nor NDJSON: write one JSON object a line' },
  { text: '{\n"values":[1]\n}', columns: {}, error: 'stdin is neither CSV nor NDJSON: write one JSON object a line' },
  { text: 'ds,y\n1,1\n2,1,5\n3\n', columns: {}, error: 'stdin:3: 3 cells, the header has 2 (and 1 more)' },
  { text: 'ds,y,y\n1,1,2\n', columns: {}, error: 'stdin has two columns y' },
  { text: 'ds,y\n1,1\n2,inf\n3,x', columns: {}, error: 'stdin:3 y: "inf" is no finite number; leave the cell empty' },
  {
    text: 'ds;y\n1;1,5\n2;1,5',
    columns: {},
    error: 'stdin:2 y: "1,5" is no finite number; write it with a point (and 1',
  },
  {
    text: 'day,y\n1,2',
    columns: {},
    error: 'no column timestamp, time, date, ds; it has day, y: name one by --time-column',
  },
  { text: 'ds,z\n1,2', columns: {}, error: 'no column target, value, y; it has ds, z: name one by --target-column' },
  { text: 'ds,y\n1,2', columns: { id: 'shop' }, error: 'no column shop; it has ds, y: name one by --id-column' },
])('$text is refused: $error', async ({ text, columns, error }) => {
  await expect(read(text, columns)).rejects.toThrow(error)
})
