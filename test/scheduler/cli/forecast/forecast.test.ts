import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { fakeApi, fakeNowMs } from '../../../fakes/fake-api.ts'
import { fakeForecastService } from '../../../fakes/fake-forecast-service.ts'
import { runCli } from '../../../fakes/fake-io.ts'
import { localServer } from '../../../fakes/local-server.ts'

const chronos = join(import.meta.dirname, '../../../fixtures/chronos/bolt')
const values = JSON.stringify(Array.from({ length: 48 }, (_, i) => i % 24))
const ndjson = `{"labels":{"shop":"a"},"values":${values}}\n{"values":[1]}\n{"labels":{"shop":"b"},"values":${values}}\n`
const forecast = (args: readonly string[], stdin = ndjson, environment = {}) =>
  runCli(['forecast', ...args], { stdin, environment })

let dir: string
beforeAll(async () => {
  // every command of this process listens for signals
  for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(100)
  dir = await mkdtemp(join(tmpdir(), 'at-forecast-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

describe('a file, in this process', () => {
  test('NDJSON in, NDJSON out: a line for each, in order', async () => {
    const { exitCode, out, err } = await forecast([
      '-i',
      '-',
      '-m',
      'seasonal-naive',
      '-o',
      'ndjson',
      '-n',
      '2',
      '--step',
      '1h',
    ])
    expect(exitCode).toBe(0)
    expect(out.split('\n').map((line) => JSON.parse(line))).toEqual([
      { labels: { shop: 'a' }, quantiles: { '0.1': [0, 1], '0.5': [0, 1], '0.9': [0, 1] } },
      { labels: {}, skipped: 'too_few_points' },
      { labels: { shop: 'b' }, quantiles: { '0.1': [0, 1], '0.5': [0, 1], '0.9': [0, 1] } },
    ])
    expect(err).toContain('warning: not forecast')
  })

  test('CSV in, CSV out, by a checkpoint at a path', async () => {
    const file = join(dir, 'sales.csv')
    const rows = Array.from({ length: 30 }, (_, i) => `a,2026-01-${String(i + 1).padStart(2, '0')},${i % 7}`)
    await writeFile(file, `id,date,value\n${rows.join('\n')}\n`)
    const { out, err } = await forecast(['-i', file, '-m', chronos, '-o', 'csv', '-n', '2', '--confidence', '0.8'])
    const lines = out.split('\n')
    expect(lines[0]).toBe('id,time,horizonStep,value,lower,upper,0.1,0.5,0.9')
    expect(lines[1]).toMatch(/^a,2026-01-31T00:00:00.000Z,1,[-\d.]+,[-\d.]+,[-\d.]+,/)
    expect([lines.length, err]).toEqual([3, ''])
  })

  test('with covariates of a file, and of its own lines', async () => {
    const file = join(dir, 'covariates.yaml')
    await writeFile(join(dir, 'off.ics'), 'BEGIN:VCALENDAR\nEND:VCALENDAR\n')
    await writeFile(file, 'calendar: [hourOfDay]\nholidays: { icalFile: off.ics }\n')
    const line = `{"values":${values},"covariates":[{"name":"price","past":${values}}]}\n`
    const args = ['-i', '-', '-m', chronos.replace(/bolt$/, 'chronos2'), '-o', 'json', '-n', '2', '--covariates', file]
    const { out, err } = await forecast(args, line)
    expect(JSON.parse(out).metadata.covariates).toMatchObject({
      ...{ used: { price: 1, 'hourOfDay.sin': 1 }, unvarying: { holiday: 1 } },
    })
    expect(err).toContain('covariate "holiday" never changes')
  })

  test.each([
    { text: undefined, message: /--covariates: cannot read .*odd.yaml \(ENOENT\)/ },
    { text: '{', message: /--covariates: cannot read .*odd.yaml \(no YAML: / },
    { text: 'calendar: [hour]', message: /--covariates calendar\/0: expected one of/ },
    {
      text: 'calendar: [weekend]',
      message: /--covariates: model seasonal-naive forecasts each series by itself; chronos-2/,
    },
  ])('covariates that are $text are refused', async ({ text, message }) => {
    const file = join(dir, 'odd.yaml')
    await rm(file, { force: true })
    if (text !== undefined) await writeFile(file, text)
    const { exitCode, err } = await forecast(['-i', '-', '-m', 'seasonal-naive', '--covariates', file])
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringMatching(message) })
  })

  test('a calendar that is missing is named', async () => {
    const file = join(dir, 'gone.yaml')
    await writeFile(file, 'holidays: { icalFile: gone.ics }')
    const { exitCode, err } = await forecast(['-i', '-', '--covariates', file])
    expect({ exitCode, err }).toEqual({
      exitCode: 2,
      err: expect.stringMatching(/--covariates: .*icalFile: cannot read .*gone.ics/),
    })
  })

  test('with the settings of a forecast worker', async () => {
    const environment = { AT_INFERENCE_DEVICE: 'abacus' }
    const { exitCode, err } = await forecast(['-i', '-', '-m', chronos], ndjson, environment)
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringContaining('device "abacus"') })
  })

  test('JSON as the API answers it', async () => {
    const { out } = await forecast(['-i', '-', '-o', 'json', '-n', '1'])
    const { series, metadata } = JSON.parse(out)
    expect(series[0].predictions[0]).toMatchObject({ horizonStep: 1, value: expect.any(Number) })
    expect(metadata).toMatchObject({ model: 'auto', seriesCount: 3, historyPoints: 97 })
  })

  test('a chart, and a picture of it', async () => {
    const png = join(dir, 'chart.png')
    const { out } = await forecast(['-i', '-', '--step', '1h', '--png', png, '--charts', '1'])
    expect(out).toContain('┊ the forecast begins')
    expect(out).toContain('auto: 2 of 3 series forecast, 64 steps ahead from 97 points')
    expect(out).toContain('1 more series are not drawn: --charts 2')
    expect(out).toContain('{a}  stdin')
    expect((await readFile(png)).subarray(1, 4).toString()).toBe('PNG')
  })

  test.each([
    { what: 'its file', options: [], heading: 'visits.csv' },
    { what: 'its file and the column that was named', options: ['--target-column', 'y'], heading: 'visits.csv: y' },
  ])('an unnamed series is called as $what', async ({ options, heading }) => {
    const file = join(dir, 'visits.csv')
    const rows = Array.from({ length: 30 }, (_, i) => `2026-01-${String(i + 1).padStart(2, '0')},${i % 7}`)
    await writeFile(file, `date,y\n${rows.join('\n')}\n`)
    const { out } = await forecast(['-i', file, '-m', 'seasonal-naive', ...options])
    expect(out.split('\n')[0]).toBe(heading)
  })
})

describe('a query', () => {
  test('is forecast by the API, as a job', async () => {
    const metadata = {
      ...{ model: 'chronos', revision: 'abc', stepSeconds: 60, predictionLength: 1, quantileLevels: [0.5] },
      ...{ seriesCount: 1, historyPoints: 5, generatedAt: '2026-01-31T12:00:00Z', warnings: ['look out'] },
    }
    const prediction = {
      time: '2026-01-31T12:00:00Z',
      horizonStep: 1,
      value: 1,
      lower: 1,
      upper: 1,
      quantiles: { '0.5': 1 },
    }
    const series = [{ labels: { job: 'a' }, historyPoints: 5, predictions: [prediction] }]
    const answer = JSON.stringify({ series, metadata }).slice(1, -1)
    const app = await fakeApi({ forecasts: fakeForecastService(() => fakeNowMs, { answer }) })
    onTestFinished(() => app.close())
    const AT_API = await app.listen({ port: 0, host: '127.0.0.1' })
    const { out, err } = await forecast(['-q', 'up', '-o', 'ndjson'], '', { AT_API })
    expect(JSON.parse(out)).toEqual({ labels: { job: 'a' }, quantiles: { '0.5': [1] } })
    expect(err).toBe('warning: look out')
  })

  test.each([
    {
      name: 'failed there is an error here',
      query: 'up',
      error: { code: 'TOO_MANY_SERIES', message: 'up returns 9 series', problems: [] },
      ended: { exitCode: 1, err: 'error: up returns 9 series' },
    },
    {
      name: 'the store refuses is wrong input',
      query: 'rate(x[',
      error: { code: 'QUERY_REJECTED', message: 'rate(x[: unparsed data left', problems: [] },
      ended: { exitCode: 2, err: 'error: --promql: rate(x[: unparsed data left' },
    },
  ] as const)('that $name', async ({ query, error, ended }) => {
    const app = await fakeApi({
      forecasts: fakeForecastService(() => fakeNowMs, { ends: { status: 'failed', error } }),
    })
    onTestFinished(() => app.close())
    const AT_API = await app.listen({ port: 0, host: '127.0.0.1' })
    expect(await forecast(['-q', query], '', { AT_API })).toMatchObject(ended)
  })

  test('is asked of a store without any API', async () => {
    await using store = await localServer((_request, response, body) => {
      const end = Number(new URLSearchParams(body).get('end') ?? Date.now() / 1_000)
      const points = Array.from({ length: 40 }, (_, i) => [Math.floor(end / 300) * 300 - i * 300, `${i}`]).reverse()
      const result = [{ metric: { __name__: 'up' }, values: points }]
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
    })
    const { exitCode, out, err } = await forecast(['-q', 'up', '--store', store.url, '-o', 'ndjson', '-n', '1'], '')
    expect(err).toBe('')
    expect([exitCode, JSON.parse(out).labels]).toEqual([0, { __name__: 'up' }])
  })

  test.each(['chart', 'csv', 'json', 'ndjson'])(
    'that returns no series has failed, and -o %s is empty',
    async (form) => {
      await using store = await localServer((_request, response) => {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [] } }))
      })
      const { exitCode, out, err } = await forecast(['-q', 'upp', '--store', store.url, '-o', form], '')
      expect([exitCode, out]).toEqual([1, ''])
      expect(err).toContain('error: the query returned no series: does the store have that metric')
    },
  )
})

test.each([
  { args: [], error: 'name one of --promql QUERY and --input FILE' },
  { args: ['-i', '-', '-q', 'up'], error: 'name one of --promql QUERY and --input FILE' },
  { args: ['-i', '-', '-n', 'many'], error: '--horizon: "many" is no number' },
  { args: ['-i', '-', '-n', '0'], error: '--horizon 0: write a whole number from 1 on' },
  { args: ['-i', '-', '-n', '1025'], error: '--horizon: must be at most 1024' },
  { args: ['-i', '-', '--quantiles', '0.1,2'], error: 'error: --quantiles: levels lie between 0 and 1: 0.9 for 90 %' },
  {
    args: ['-i', '-', '--quantiles', '0.5', '--confidence', '0.9'],
    error: '--confidence: give --quantiles or --confidence, not both',
  },
  { args: ['-i', '-', '--confidence', '95'], error: '--confidence: lies between 0 and 1: 0.9 for 90 %' },
  { args: ['-i', '-', '-m', 'nope'], error: '--model: model "nope" is not installed' },
  { args: ['-i', '-', '-m', './nope'], error: '--model: ./nope: there is no such folder' },
  {
    args: ['-i', '-', '-m', 'test/fixtures/chronos/bolt'],
    error: 'that is a folder: write ./test/fixtures/chronos/bolt',
  },
  { args: ['-i', '-', '--quantiles', '0.1,,0.5'], error: '--quantiles: "" is no number' },
  { args: ['-i', '-', '--step', 'often'], error: '--step: write a duration' },
  { args: ['-i', '-', '--as-of', 'noon'], error: '--as-of: write 2026-01-31T12:00:00Z' },
  { args: ['-i', '-', '-o', 'xml'], error: '-o xml: write one of chart, json, ndjson, csv' },
  { args: ['-i', '-', '--png', 'a.jpg'], error: '--png a.jpg: pictures are PNG files' },
  { args: ['-i', '/nowhere.csv'], error: 'cannot read /nowhere.csv (ENOENT)' },
  { args: ['-i', '-', '--png', '/nowhere/a.png'], error: 'cannot write /nowhere/a.png' },
])('$args ends with: $error', async ({ args, error }) => {
  const { exitCode, err } = await forecast(args)
  expect(err).toContain(error)
  expect(exitCode).toBe(2)
})

test('warnings are of columns and lines of the file', async () => {
  const { err } = await forecast(['-i', '-', '-o', 'ndjson'], `${ndjson}{"values":[1,2]}\n`)
  expect(err).toBe('warning: not forecast (see skipped): stdin:2, stdin:4')
  const rows = Array.from({ length: 40 }, (_, i) => `${i * 3_600},${i},5`)
  const table = await forecast(['-i', '-', '-o', 'csv'], `time,y,price\n${rows.join('\n')}\n`)
  expect(table.err).toBe('warning: columns that are not used: price (covariates of a series come with NDJSON)')
})

test('a table of several series is told the option that says which', async () => {
  const { exitCode, err } = await forecast(['-i', '-'], 'time,shop,y\n1,a,1\n1,b,2\n2,a,1\n2,b,2\n')
  expect(err).toContain('stdin:3 time: the same instant as stdin:2 (if rows are of several series')
  expect(err).toMatch(/by --id-column\) \(and 1 more\)$/)
  expect(exitCode).toBe(2)
})

test('a value that is none is named by its line', async () => {
  const { err } = await forecast(['-i', '-'], `${ndjson}{"labels":{},"values":[1,"2"]}\n`)
  expect(err).toContain('stdin:4 values/1: "2" is no finite number')
})
