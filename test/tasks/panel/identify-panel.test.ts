import { expect, test } from 'vitest'
import { identifySeries } from '../../../models/series.ts'
import { identifyPanel } from '../../../tasks/panel/identify-panel.ts'

const name = { tenant: 'default', mission: 'm' }
const values = new Float64Array(1)
const series = ['a', 'b', 'c'].map((job) => ({ labels: { __name__: 'up', job }, values }))

test('names a panel as identifySeries does, first and every time after', () => {
  const expected = identifySeries(series, name)
  expect(identifyPanel(series, name)).toEqual(expected)
  expect(identifyPanel([...series].reverse(), name)).toEqual([...expected].reverse())
})

test('hands out the same identity for the same label object, by mission', () => {
  const [first] = identifyPanel(series, name)
  expect(identifyPanel(series, name)[0]).toBe(first)
  expect(identifyPanel(series, { ...name, mission: 'other' })[0]?.labels).toMatchObject({ mission: 'other' })
  expect(identifyPanel(series, { tenant: 'acme', mission: 'm' })[0]?.labels).toMatchObject({ tenant: 'acme' })
})

test('a panel that stays the same is the same array; one that lost, gained or swapped a series is not', () => {
  const whole = identifyPanel(series, name)
  expect(identifyPanel([...series], name)).toBe(whole)
  const grown = [...series, { labels: { __name__: 'up', job: 'd' }, values }]
  const others = [series.slice(0, 2), [series[0]!, series[2]!, series[1]!], grown, series]
  for (const other of others) expect(identifyPanel(other, name)).toEqual(identifySeries(other, name))
  expect(identifyPanel([], name)).toEqual([])
})

test('two series that become equal are named, also when each was known before', () => {
  const twins = [
    { labels: { __name__: 'up', job: 'a' }, values },
    { labels: { metric: 'up', job: 'a' }, values },
    { labels: { __name__: 'up', job: 'a' }, values },
  ]
  for (const twin of twins) identifyPanel([twin], name)
  expect(() => identifyPanel(twins, name)).toThrow(
    expect.objectContaining({ code: 'LABEL_COLLISION', message: expect.stringContaining('"job":"a"') }),
  )
})
