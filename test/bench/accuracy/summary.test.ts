import { expect, test } from 'vitest'
import type { Line } from '../../../bench/accuracy/evaluate.ts'
import { formatByModel } from '../../../bench/accuracy/pivot.ts'
import { accuracyRows } from '../../../bench/accuracy/rows.ts'
import { summarise } from '../../../bench/accuracy/summary.ts'

const line = (cell: string, dataset: string, series: string, sql: number): Line => ({
  ...{ model: 'any', cell, dataset, series, sql },
  ...{ mase: sql ** 2, cover80: sql / 10, cover98: 0.98, pathological: 1 },
})

const naive = ['a', 'b', 'c'].flatMap((series) => [line('512/24', series < 'c' ? 'one' : 'two', series, 1)])
const own = [
  line('512/24', 'one', 'a', 0.25),
  // the mean over its windows is 4
  ...[line('512/24', 'one', 'b', 3), line('512/24', 'one', 'b', 5)],
  line('512/24', 'two', 'c', 0.01),
]

test('losses are geometric means over series, of which none counts without end, then over data sets', () => {
  const { all, datasets, cells } = summarise(own, naive)
  expect(datasets.get('one')?.sql).toBeCloseTo(1)
  expect(datasets.get('two')?.sql).toBeCloseTo(Math.exp(-3))
  expect(all.sql).toBeCloseTo(Math.exp(-1.5))
  expect(cells.get('512/24')?.sql).toBeCloseTo(Math.exp(-1.5))
  expect(datasets.get('one')?.mase).toBeCloseTo(Math.sqrt(0.25 ** 2 * ((9 + 25) / 2)))
})

test('every context and horizon counts the same, however many data sets reach so far', () => {
  const more = [line('2048/24', 'one', 'a', 0.5)]
  const { all } = summarise([...own, ...more], [...naive, line('2048/24', 'one', 'a', 1)])
  expect(all.sql).toBeCloseTo(Math.exp((-1.5 + Math.log(0.5)) / 2))
})

test('coverage is the mean over windows, then over data sets; absurd values are summed', () => {
  const { all, datasets, pathological } = summarise(own, naive)
  expect(datasets.get('one')?.cover80).toBeCloseTo((0.025 + 0.3 + 0.5) / 3)
  expect(all.cover80).toBeCloseTo(((0.025 + 0.3 + 0.5) / 3 + 0.001) / 2)
  expect(pathological).toBe(4)
})

test('a forecast without error is no division by zero', () => {
  expect(summarise([line('512/24', 'one', 'a', 0)], [line('512/24', 'one', 'a', 0)]).all.sql).toBe(1)
})

const summaries = new Map([
  ['naive', summarise(naive, naive)],
  ['./mine', summarise(own, naive)],
  ['auto', summarise(own, naive)],
])
const rows = accuracyRows(summaries, { judged: ['./mine', 'auto'], own: ['auto'], rivals: ['naive'] })
const find = (name: string) => rows.find((row) => row.name === name)

test.each([
  { name: './mine, all: SQL', aim: '<= 0.6', met: true },
  { name: 'auto, all: SQL', aim: '<= 0.59', met: true },
  { name: 'auto, all: MASE', aim: '<= 0.81', met: true },
  { name: './mine, one: SQL', aim: '<= 0.9', met: false },
  { name: 'auto, one: SQL', aim: '<= 0.85', met: false },
  { name: 'auto, 512/24: SQL', aim: '< 1.0000', met: true },
  { name: 'auto, one: cover 98', aim: '>= 0.965 and <= 0.992', met: true },
  { name: 'auto, all: pathological', aim: '<= 0', met: false },
  { name: './mine, all: pathological', aim: null, met: null },
  { name: 'naive, all: SQL', aim: null, met: null },
])('$name has the aim $aim', ({ name, aim, met }) => {
  expect(find(name)).toMatchObject({ aim, met })
})

test('the table has a line for each model, whatever its name', () => {
  const text = formatByModel(rows)
  const [overall = '', sql = ''] = text.split('\n\n').map((table) => table.replaceAll(/ +/g, ' '))
  expect(overall).toContain('| all windows | SQL | MASE | cover 80 | cover 98 | pathological |')
  expect(overall).toMatch(/\| \.\/mine \| 0\.223 \|.* \| 4 \|\n/)
  expect(sql).toContain('| SQL | 512/24 | one | two |')
  expect(sql).toContain('| ./mine | 0.223 | 1.000 | 0.050 |')
  // for a terminal
  expect(
    new Set(
      text
        .split('\n\n')[0]
        ?.split('\n')
        .map(({ length }) => length),
    ).size,
  ).toBe(1)
  expect(text).toContain(' aims are met.\n\n| name')
  expect(text).toContain('| auto, all: pathological')
  expect(text).not.toContain('| auto, all: SQL')
})
