import { expect, test } from 'vitest'
import { formatTable, formatValue, isMet, median, row } from '../../bench/report.ts'

test.each([
  { value: 6, aim: '<= 6', met: true },
  { value: 6.01, aim: '<= 6', met: false },
  { value: 6, aim: '< 6', met: false },
  { value: 0.95, aim: '>= 0.95', met: true },
  { value: -1, aim: '> -1', met: false },
  { value: Number.NaN, aim: '<= 6', met: false },
  { value: 0.8, aim: '>= 0.75 and <= 0.86', met: true },
  { value: 0.7, aim: '>= 0.75 and <= 0.86', met: false },
  { value: 0.9, aim: '>= 0.75 and <= 0.86', met: false },
])('$value meets $aim: $met', ({ value, aim, met }) => {
  expect(isMet(value, aim)).toBe(met)
})

test.each(['6', '=< 6', '<= six', ''])('"%s" is no aim', (aim) => {
  expect(() => isMet(1, aim)).toThrow(`aim "${aim}"`)
})

test('a row without an aim is neither met nor missed', () => {
  expect(row('read', 1.5, 's')).toEqual({ name: 'read', value: 1.5, unit: 's', aim: null, met: null })
  expect(row('read', 1.5, 's', '<= 1')).toMatchObject({ aim: '<= 1', met: false })
})

test.each([
  { value: 1_234_567, text: '1,234,567' },
  { value: 100.4, text: '100' },
  { value: 12.345, text: '12.3' },
  { value: 10, text: '10' },
  { value: 0.001234, text: '0.00123' },
  { value: 0, text: '0' },
  { value: Number.NaN, text: '-' },
])('$value is written $text', ({ value, text }) => {
  expect(formatValue(value)).toBe(text)
})

test('a table is Markdown', () => {
  expect(formatTable([row('read', 1.5, 's', '<= 2'), row('answer', 45_300, 'MB'), row('peak', 9, 'MB', '<= 7')])).toBe(
    [
      '| name   |  value | unit | aim  | met |',
      '| ------ | -----: | ---- | ---- | --- |',
      '| read   |    1.5 | s    | <= 2 | yes |',
      '| answer | 45,300 | MB   |      |     |',
      '| peak   |      9 | MB   | <= 7 | NO  |',
    ].join('\n'),
  )
})

test('the median leaves a disturbed measurement out', () => {
  expect(median([3, 100, 2], (value) => value)).toBe(3)
})
