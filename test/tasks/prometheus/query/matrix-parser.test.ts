import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { toAppError } from '../../../../models/errors.ts'
import type { Labels } from '../../../../models/series.ts'
import { labelCache } from '../../../../tasks/prometheus/query/label-cache.ts'
import { matrixParser } from '../../../../tasks/prometheus/query/matrix-parser.ts'
import { panelRows } from '../../../../tasks/prometheus/query/panel-rows.ts'
import type { SampleGrid } from '../../../../tasks/prometheus/query/sample-scanner.ts'
import { randomSource } from '../../../fakes/random.ts'

const startMs = 1_700_000_100_000
const stepMs = 300_000
const seconds = (step: number) => (startMs + step * stepMs) / 1_000

interface ParseOptions {
  readonly grid?: Partial<SampleGrid>
  readonly maxSeries?: number
  readonly isWanted?: (labels: Labels) => boolean
  /** Sizes of the chunks, repeated. */
  readonly chunkBytes?: readonly number[]
}

function parse(json: string, { grid = {}, maxSeries = 100, isWanted, chunkBytes = [65_536] }: ParseOptions = {}) {
  const steps: SampleGrid = { startMs, stepMs, first: 0, last: 3, ...grid }
  const rows = panelRows(steps.last + 1)
  const parser = matrixParser({ subject: 'main: up', grid: steps, maxSeries, isWanted }, rows, labelCache())
  const bytes = Buffer.from(json)
  for (let pos = 0, i = 0; pos < bytes.length; i++) {
    const end = pos + (chunkBytes[i % chunkBytes.length] ?? 1)
    parser.write(bytes.subarray(pos, end))
    pos = end
  }
  const warnings = parser.end()
  return { warnings, series: rows.series.map(({ labels, values }) => ({ labels, values: [...values] })) }
}

const answer = (...series: string[]) =>
  `{"status":"success","data":{"resultType":"matrix","result":[${series.join(',')}]}}`
const series = (labels: Record<string, string>, samples: readonly [number, string][]) =>
  `{"metric":${JSON.stringify(labels)},"values":${JSON.stringify(samples)}}`
const up = (...samples: [number, string][]) => series({ __name__: 'up' }, samples)
const valuesOf = (json: string, options?: ParseOptions) => parse(json, options).series[0]?.values

test.each([65_536, 1])('series that nobody wants are left out, in chunks of %i bytes', (chunkBytes) => {
  const of = (a: string, step: number) => series({ a }, [[seconds(step), `${step}`]])
  const json = answer(of('x', 0), of('y', 1), of('x]"', 2), of('y', 3))
  const isWanted = ({ a }: Labels) => a === 'x' || a === 'z'
  // fewer of them than are there may come back
  const options = { isWanted, maxSeries: 1, chunkBytes: [chunkBytes] }
  expect(parse(json, options).series).toEqual([{ labels: { a: 'x' }, values: [0, Number.NaN, Number.NaN, Number.NaN] }])
  expect(parse(json, { ...options, isWanted: () => false }).series).toEqual([])
})

test('fills the steps of every series', () => {
  const json = answer(
    up([seconds(0), '1'], [seconds(1), '2.5'], [seconds(2), '-3'], [seconds(3), '4e-7']),
    series({ a: 'b' }, [[seconds(2), '7']]),
  )
  expect(parse(json).series).toEqual([
    { labels: { __name__: 'up' }, values: [1, 2.5, -3, 4e-7] },
    { labels: { a: 'b' }, values: [Number.NaN, Number.NaN, 7, Number.NaN] },
  ])
})

test.each(['NaN', '+Inf', '-Inf', 'Inf', '1e400', '-1e999'])('%s is a gap', (value) => {
  expect(valuesOf(answer(up([seconds(0), '1'], [seconds(1), value], [seconds(2), '3'])))).toEqual([
    1,
    Number.NaN,
    3,
    Number.NaN,
  ])
})

test.each<{ name: string; json: string }>([
  { name: 'Prometheus', json: '{"status":"success","data":{"resultType":"matrix","result":[]}}' },
  {
    name: 'VictoriaMetrics with its own members',
    json: '{"status":"success","isPartial":false,"data":{"resultType":"matrix","result":[]},"stats":{"seriesFetched":"0"},"trace":{"message":"a}\\"]","children":[{},[1,2]]}}',
  },
  {
    name: 'members in another order, with space around everything',
    json: ' { "data" : { "result" : [ ] , "resultType" : "matrix" } ,\n\t"status" : "success" }\n',
  },
  { name: 'no result at all', json: '{"status":"success","data":{"resultType":"matrix","result":null}}' },
])('an empty answer of the form "$name" has no series', ({ json }) => {
  expect(parse(json)).toEqual({ warnings: [], series: [] })
})

test('space between the parts of a sample, and a fraction of a second', () => {
  const json = answer(
    `{ "metric" : { } , "values" : [ [ ${seconds(0)} , "1" ] ,\n [${seconds(1)}.0,"2"],[${seconds(3)},"3"] ] }`,
  )
  expect(valuesOf(json)).toEqual([1, 2, Number.NaN, 3])
})

test('steps of less than a second', () => {
  const json = answer(up([1_700_000_000.5, '1'], [1_700_000_001, '2'], [1_700_000_001.5, '3']))
  expect(valuesOf(json, { grid: { startMs: 1_700_000_000_500, stepMs: 500 } })).toEqual([1, 2, 3, Number.NaN])
})

test('samples out of order go to their steps, the last one of a step counts', () => {
  const json = answer(up([seconds(2), '3'], [seconds(0), '1'], [seconds(1), '9'], [seconds(1), '2']))
  expect(valuesOf(json)).toEqual([1, 2, 3, Number.NaN])
})

test('a timestamp rounded to the millisecond belongs to its step', () => {
  expect(valuesOf(answer(up([seconds(1) + 0.001, '5'])))).toEqual([Number.NaN, 5, Number.NaN, Number.NaN])
})

test('labels of any text', () => {
  const labels = {
    __name__: 'größe',
    path: 'C:\\"x"\n{}[],',
    'dots.in.name': '日本 🚀',
    constructor: '',
    __proto_: 'a',
  }
  expect(parse(answer(series(labels, [[seconds(0), '1']]))).series[0]?.labels).toEqual(labels)
})

test("keeps the store's warnings", () => {
  const json = answer().replace(/}$/, ',"warnings":["a","b"],"infos":["c"]}')
  expect(parse(json).warnings).toEqual(['a', 'b'])
})

test('native histograms are skipped beside numbers', () => {
  const histogram = `"histograms":[[${seconds(0)},{"count":"1","sum":"2","buckets":[[0,"0","1","1"]]}]]`
  const json = answer(
    `{"metric":{"a":"1"},${histogram}}`,
    `{"metric":{"a":"2"},"values":[[${seconds(0)},"1"]],${histogram}}`,
  )
  expect(parse(json).series).toEqual([{ labels: { a: '2' }, values: [1, Number.NaN, Number.NaN, Number.NaN] }])
})

describe('an instant query', () => {
  const instant = { grid: { first: 0, last: 0, instant: true } }
  test.each([
    {
      name: 'vector',
      json: `{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1700000123.456,"5"]}]}`,
      labels: { a: 'b' },
    },
    { name: 'scalar', json: `{"resultType":"scalar","result":[1700000123.456,"5"]}`, labels: {} },
  ])('answers a $name', ({ json, labels }) => {
    expect(parse(`{"status":"success","data":${json}}`, instant).series).toEqual([{ labels, values: [5] }])
  })

  test.each(['}', '[1,2}', ':'])('of anything else, like %s, is invalid', (result) => {
    const json = `{"status":"success","data":{"resultType":"vector","result":[${result}]}}`
    expect(errorCode(() => parse(json, instant))).toBe('RESPONSE_INVALID')
  })

  test('of a string is invalid', () => {
    const json = '{"status":"success","data":{"resultType":"string","result":[1,"text"]}}'
    expect(() => parse(json, instant)).toThrow('"text" is no number')
  })
})

const failure = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) })

test.each<{ name: string; json: string; code?: string; text: string; options?: ParseOptions }>([
  { name: 'nothing', json: '', text: 'main: up: the answer is empty' },
  { name: 'a web page', json: '<html><style>p{}</style><h1>Sign in</h1></html>', text: 'no query result: Sign in' },
  { name: 'plain text', json: 'remoteAddr: "::1"; error', text: 'no query result: remoteAddr' },
  { name: 'other JSON', json: '{"message":"hi","code":4}', text: 'status undefined' },
  { name: 'a JSON list', json: '[]', text: 'no query result: []' },
  { name: 'text behind the end', json: `${answer()}x`, text: 'no query result: x' },
  { name: 'a vector', json: answer().replace('matrix', 'vector'), text: 'resultType vector' },
  {
    name: 'a sample off the steps',
    json: answer(up([seconds(0) + 7, '1'])),
    text: `sample at ${seconds(0) + 7} is at no step`,
  },
  { name: 'a sample before the range', json: answer(up([seconds(-1), '1'])), text: 'is at no step' },
  { name: 'a sample after the range', json: answer(up([seconds(3), '1'], [seconds(4), '1'])), text: 'is at no step' },
  {
    name: 'a value that is no number',
    json: answer(up([seconds(0), 'abc'])),
    text: 'series {"__name__":"up"}: "abc" is no number',
  },
  { name: 'an empty value', json: answer(up([seconds(0), ''])), text: '"" is no number' },
  { name: 'a bare number', json: answer(`{"metric":{},"values":[[${seconds(0)},1]]}`), text: 'is no sample' },
  { name: 'a null', json: answer(`{"metric":{},"values":[null]}`), text: 'null is no sample' },
  { name: 'values of another kind', json: answer('{"metric":{},"values":{}}'), text: 'no query result: {}' },
  { name: 'values without labels', json: answer('{"values":[]}'), text: 'samples come before their labels' },
  {
    name: 'labels that are no strings',
    json: answer('{"metric":{"a":1},"values":[]}'),
    text: 'no label set but {"a":1}',
  },
  { name: 'labels as a list', json: answer('{"metric":["a"],"values":[]}'), text: 'no label set but ["a"]' },
  { name: 'one label set twice', json: answer(up(), up()), text: 'two series have the labels {"__name__":"up"}' },
  {
    name: 'one label set twice, in another order',
    json: answer(series({ a: '1', b: '2' }, []), series({ b: '2', a: '1' }, [])),
    text: 'two series have the labels {"a":"1","b":"2"}',
  },
  { name: 'an endless label', json: answer(`{"metric":{"a":"${'x'.repeat(5_000_000)}`), text: 'one value is too long' },
  {
    name: 'a partial answer',
    json: answer().replace(',', ',"isPartial":true,'),
    code: 'RESPONSE_PARTIAL',
    text: 'main: up',
  },
  {
    name: 'an error with status 200',
    json: '{"status":"error","errorType":"execution","error":"too many samples","data":null}',
    code: 'QUERY_FAILED',
    text: 'main: up: execution: too many samples',
  },
  {
    name: 'native histograms only',
    json: answer(`{"metric":{},"histograms":[[${seconds(0)},{"count":"1"}]]}`),
    code: 'UNSUPPORTED',
    text: 'main: up: returns native histograms',
  },
  {
    name: 'too many series',
    // cut where the values of the third begin: what follows need not arrive
    json: answer(series({ a: '1' }, []), series({ a: '2' }, []), series({ a: '3' }, [])).slice(0, -5),
    options: { maxSeries: 2 },
    code: 'TOO_MANY_SERIES',
    text: 'main: up: returns 3 series or more, the limit is 2',
  },
])('$name is an error', ({ json, code = 'RESPONSE_INVALID', text, options }) => {
  expect(() => parse(json, options)).toThrow(failure(code, text))
})

const everything = `{"status":"success","isPartial":false,"n":12,"x":"a\\"}","t":true ,"data":{"resultType":"matrix","result":[
${up([seconds(0), '1.25'], [seconds(1), 'NaN'], [seconds(3), '12345.678901234567'])},
{"metric":{"b":"ö\\\\\\"]}","__name__":"x"},"values":[[${seconds(0)}.000, "-0.5"], [${seconds(2)},"1e-9"]],"histograms":[[1,{"b":[[1]]}]]},
{"metric":{},"values":[]}]},"warnings":["w"]} `

/** Comparing texts is fast enough for every byte. */
const written = (answer: unknown) => inspect(answer, { depth: 5 })

test('gives the same wherever chunks end', () => {
  const whole = parse(everything)
  const text = written(whole)
  expect(whole.series.map(({ values }) => values)).toEqual([
    [1.25, Number.NaN, Number.NaN, 12345.678901234567],
    [-0.5, Number.NaN, 1e-9, Number.NaN],
    [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
  ])
  for (let end = 1; end < everything.length; end++) {
    expect(written(parse(everything, { chunkBytes: [end, 100_000] }))).toBe(text)
  }
  for (const size of [1, 2, 3, 7, 11, 64]) expect(written(parse(everything, { chunkBytes: [size] }))).toBe(text)
})

function errorCode(work: () => unknown): string {
  try {
    work()
    return 'none'
  } catch (error) {
    return toAppError(error).code
  }
}

test('is never whole when cut, wherever', () => {
  const bytes = Buffer.from(everything.trimEnd())
  for (let end = 0; end < bytes.length; end++) {
    expect(errorCode(() => parse(bytes.toString('latin1', 0, end)))).toBe('RESPONSE_INVALID')
  }
})

test('reads what JSON.parse reads from random panels in random chunks', () => {
  const random = randomSource(7)
  for (let round = 0; round < 20; round++) {
    const panel = Array.from({ length: 1 + Math.floor(random() * 30) }, (_, s) => ({
      metric: { s: `${s}`, ...(random() < 0.5 && { t: 'ü'.repeat(random() * 9) }) },
      values: Array.from({ length: 200 }, (_, i): [number, string] => [
        seconds(i),
        `${(random() - 0.5) * 10 ** Math.floor(random() * 30 - 10)}`,
      ]).filter(() => random() < 0.9),
    }))
    const json = answer(...panel.map((one) => JSON.stringify(one)))
    const chunkBytes = Array.from({ length: 17 }, () => 1 + Math.floor(random() * 3_000))
    const read = parse(json, { chunkBytes, grid: { last: 199 } })
    const expected = panel.map(({ metric, values }) => {
      const byTime = new Map(values)
      return { labels: metric, values: Array.from({ length: 200 }, (_, i) => Number(byTime.get(seconds(i)) ?? 'NaN')) }
    })
    expect(read.series).toEqual(expected)
  }
})

test('a value longer than the buffer, and one split over many chunks', () => {
  const labels = { a: 'x'.repeat(400_000) }
  expect(parse(answer(series(labels, [[seconds(0), '1']])), { chunkBytes: [1_000] }).series[0]?.labels).toEqual(labels)
})
