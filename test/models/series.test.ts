import { expect, test } from 'vitest'
import { floorToStep, identifySeries, type Labels, seriesId, stepsIn, writtenLabels } from '../../models/series.ts'

const name = { tenant: 'default', mission: 'm' }

test.each([
  { ms: 0, floor: 0 },
  { ms: 59_999, floor: 0 },
  { ms: 60_000, floor: 60_000 },
  { ms: -1, floor: -60_000 },
])('$ms lies on or after $floor', ({ ms, floor }) => {
  expect(floorToStep(ms, 60_000)).toBe(floor)
})

test.each([
  { range: { fromMs: 0, untilMs: 30 }, steps: [10, 20, 30] },
  { range: { fromMs: 5, untilMs: 29 }, steps: [10, 20] },
  { range: { fromMs: 10, untilMs: 10 }, steps: [] },
  { range: { fromMs: 30, untilMs: 10 }, steps: [] },
])('$range has the steps $steps', ({ range, steps }) => {
  expect(stepsIn(range, 10)).toEqual(steps)
})

test.each<{ what: string; labels: Labels; written: Labels }>([
  { what: 'the name of the metric is kept', labels: { __name__: 'up', job: 'a' }, written: { job: 'a', metric: 'up' } },
  { what: 'an expression has none', labels: { job: 'a' }, written: { job: 'a' } },
  { what: 'an empty label is no label', labels: { job: 'a', zone: '' }, written: { job: 'a' } },
  { what: 'a label called mission moves aside', labels: { mission: 'x' }, written: { exported_mission: 'x' } },
  {
    what: 'it moves further when that is taken',
    labels: { mission: 'x', exported_mission: 'y' },
    written: { exported_exported_mission: 'x', exported_mission: 'y' },
  },
  { what: 'metric is free where there is no name', labels: { metric: 'x' }, written: { metric: 'x' } },
  {
    what: 'metric moves aside for the name',
    labels: { __name__: 'up', metric: 'x' },
    written: { metric: 'up', exported_metric: 'x' },
  },
  { what: 'tenant is never another tenant', labels: { tenant: 'x' }, written: { exported_tenant: 'x' } },
  {
    what: 'no label is taken by JavaScript',
    labels: { constructor: 'x' } as Labels,
    written: { constructor: 'x' } as Labels,
  },
])('$what', ({ labels, written }) => {
  expect(writtenLabels(labels, name)).toEqual({ ...written, mission: 'm' })
})

test('another tenant is named', () => {
  expect(writtenLabels({ tenant: 'x' }, { tenant: 'acme', mission: 'm' })).toEqual({
    exported_tenant: 'x',
    ...{ tenant: 'acme', mission: 'm' },
  })
})

test('the id of a series does not depend on the order of its labels, and on nothing else', () => {
  expect(seriesId({ a: '1', b: '2' })).toBe(seriesId({ b: '2', a: '1' }))
  expect(seriesId({})).toMatch(/^[0-9a-f]{16}$/)
  const ids = [{ a: '1', b: '2' }, { a: '2', b: '1' }, { ab: '12' }, { a: '1b2' }, { a: '1' }, {}].map(seriesId)
  expect(new Set(ids).size).toBe(ids.length)
})

test('ids that are stored stay what they are', () => {
  expect(seriesId({ job: 'api', instance: 'a:1' })).toBe('0c7bd8e4c80d1349')
})

test.each([
  [{ a: 'x\u00ffb\u00ffy' }, { a: 'x', b: 'y' }],
  [
    { a: 'x', 'b\u00ff': 'y' },
    { a: 'x', b: '\u00ffy' },
  ],
  [{ a: '\u00ff' }, { a: '\\u00ff' }],
  [{ a: '\u00ff' }, { '["a","\\u00ff"]': '' }],
])('%j and %j are two series', (one, other) => {
  expect(seriesId(one)).not.toBe(seriesId(other))
})

test('two series that become equal are named both', () => {
  const series = [{ labels: { __name__: 'up', job: 'a' } }, { labels: { job: 'a', metric: 'up' } }]
  expect(() => identifySeries(series, name)).toThrowError(
    expect.objectContaining({
      code: 'LABEL_COLLISION',
      message: expect.stringMatching(/mission m: .*__name__.*written/),
    }),
  )
})

test('series are named in order', () => {
  const identities = identifySeries([{ labels: { job: 'b' } }, { labels: { job: 'a' } }], name)
  expect(identities.map(({ labels }) => labels.job)).toEqual(['b', 'a'])
  expect(identities[0]?.id).toBe(seriesId({ job: 'b', mission: 'm' }))
})
