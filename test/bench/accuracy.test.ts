import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSeries } from '../../bench/accuracy/sources.ts'
import { accuracy } from '../../bench/accuracy.ts'
import { BenchSkipped } from '../../bench/bench.ts'
import { randomSource } from '../fakes/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'anomaly-times-accuracy-'))
afterAll(() => rmSync(folder, { recursive: true }))

const next = randomSource(1)
const wave = (i: number, period: number) => (10 + 3 * Math.sin((2 * Math.PI * i) / period) + next()).toFixed(4)
const stamp = (i: number, stepMs: number) => new Date(1_500_000_000_000 + i * stepMs).toISOString().slice(0, 19)

function write(path: string, lines: readonly string[]): void {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  const text = `${lines.join('\n')}\n`
  writeFileSync(file, path.endsWith('.gz') ? gzipSync(text) : text)
}

const rows = (length: number, row: (i: number) => string) => Array.from({ length }, (_, i) => row(i))

beforeAll(() => {
  // one of each layout of the evaluation data
  write('forecast/ett/ETTh1.csv.gz', [
    'date,a,b',
    ...rows(620, (i) => `${stamp(i, 3_600_000).replace('T', ' ')},${wave(i, 24)},1`),
  ])
  write('forecast/petshop/metrics.csv.gz', [
    ...['microservice,x,y', 'metric,latency,latency', 'unix_timestamp,,'],
    ...rows(560, (i) => `${1_692_608_400 + 300 * i}.0,${wave(i, 288)},${i % 2 === 0 ? '' : 1 + i}`),
  ])
  write('forecast/prophet/example_wp_log.csv', ['"ds","y"', ...rows(20, (i) => `"2007-12-${10 + i}",${wave(i, 7)}`)])
  write('forecast/elsewhere/requests.csv', ['t,v', ...rows(9, (i) => `${1_692_608_400 + 60 * i},${i}`)])
  write('kpi/microsoft/crashes/app-1.csv', [
    '"TimeStamp","Value","Label"',
    ...rows(40, (i) => `"${stamp(i, 3_600_000)}Z","${i}","${i === 7 ? 1 : 0}"`),
  ])
  write('kpi/microsoft/crashes/app-1.csv-metadata.json', ['{}'])
  write('kpi/microsoft/ingress/in-1.csv', ['TimeStamp,Value,Label', ...rows(9, (i) => `${stamp(i, 60_000)}Z,${i},0`)])
  write('kpi/donut/cpu.csv', ['timestamp,value,label', ...rows(9, (i) => `${1_469_376_000 + 300 * i},${i},0`)])
  write('asd/omi-1/train.csv.gz', ['m01,m02', ...rows(30, (i) => `0.4,${i}`)])
  write('asd/omi-1/test.csv.gz', ['m01,m02', '1,2'])
  write(
    'smd/machine-1/train.txt.gz',
    rows(30, (i) => `${i / 30},0.5`),
  )
})

test('every layout is read, its constant and sparse columns left out', () => {
  const read = readSeries(folder).map(({ dataset, name, values, stepMs }) => [
    dataset,
    name,
    values.length,
    stepMs / 60_000,
  ])
  expect(read).toEqual([
    ['ASD', 'asd/omi-1/train.csv.gz 1', 30, 5],
    ['elsewhere', 'forecast/elsewhere/requests.csv 1', 9, 1],
    ['ETT', 'forecast/ett/ETTh1.csv.gz 1', 620, 60],
    ['petshop', 'forecast/petshop/metrics.csv.gz 1', 560, 5],
    ['Wikipedia', 'forecast/prophet/example_wp_log.csv 1', 20, 1_440],
    ['donut', 'kpi/donut/cpu.csv 1', 9, 5],
    ['KPI hourly', 'kpi/microsoft/crashes/app-1.csv 1', 40, 60],
    ['KPI minute', 'kpi/microsoft/ingress/in-1.csv 1', 9, 1],
    ['SMD', 'smd/machine-1/train.txt.gz 0', 30, 1],
  ])
})

test('labels come with the values', () => {
  const labelled = readSeries(folder).find(({ dataset }) => dataset === 'KPI hourly')
  expect(labelled?.anomalous?.indexOf(true)).toBe(7)
  expect(labelled?.anomalous?.filter(Boolean)).toHaveLength(1)
})

const run = (flags: Record<string, string | boolean>, quick = false) => accuracy.run({ quick, flags, say: () => {} })

test('models are compared on the windows of it', async () => {
  const made = await run({ data: folder, models: 'theta,ets,mstl', every: '7' })
  const value = (name: string) => made.find((row) => row.name === name)?.value
  expect(value('naive, all: SQL')).toBe(1)
  for (const model of ['naive-empirical', 'theta-normal', 'theta', 'ets', 'mstl']) {
    expect(value(`${model}, ETT: SQL`)).toBeLessThan(20)
    expect(value(`${model}, all: cover 98`)).toBeGreaterThan(0.6)
  }
  // a wave of a day, which ETS does not know of
  expect(value('mstl, 512/64: MASE')).toBeLessThan(value('ets, 512/64: MASE')!)
  // they are for all windows
  expect(made.filter(({ aim }) => aim !== null)).toEqual([])
})

test('of all windows there are aims', async () => {
  const made = await run({ data: folder, models: 'theta' })
  expect(made.find(({ name }) => name === 'theta, all: pathological')).toMatchObject({ aim: '<= 0', met: true })
})

test('probes need no data', async () => {
  const made = await run({ probes: true, models: 'rolling-quantiles' }, true)
  expect(made.find(({ name }) => name === 'rolling-quantiles, 512 p24: sine')!.value).toBeGreaterThan(2)
  expect(made.filter(({ aim }) => aim !== null)).toEqual([])
})

test.each([
  { name: 'no gzip', path: 'asd/omi-1/train.csv.gz', problem: 'incorrect header check' },
  { name: 'a folder', path: 'forecast/x/a.csv/b.csv', problem: 'EISDIR' },
])('a file that is $name is named', async ({ path, problem }) => {
  const broken = mkdtempSync(join(folder, 'broken-'))
  mkdirSync(dirname(join(broken, path)), { recursive: true })
  writeFileSync(join(broken, path), 'no data')
  const file = path.replace(/\/b.csv$/, '')
  const message = expect.stringMatching(new RegExp(`${file} cannot be read: .*${problem}`))
  await expect(run({ data: broken })).rejects.toMatchObject({ code: 'INVALID_PARAMS', message })
})

test('series that are too short for any window are skipped', async () => {
  const short = mkdtempSync(join(folder, 'short-'))
  mkdirSync(join(short, 'forecast/x'), { recursive: true })
  writeFileSync(join(short, 'forecast/x/a.csv'), ['t,v', ...rows(99, (i) => `${60 * i},${i}`)].join('\n'))
  const skipped = run({ data: short, models: 'theta' })
  await expect(skipped).rejects.toThrow(BenchSkipped)
  await expect(skipped).rejects.toThrow('536 steps')
})

test.each([
  { name: 'no folder', flags: { data: join(folder, 'none') }, message: /no data in .*none; --data DIR/ },
  { name: 'a file', flags: { data: join(folder, 'kpi/donut/cpu.csv') }, message: /no data in .*cpu.csv/ },
  { name: 'a folder without any', flags: { data: join(folder, 'kpi') }, message: /no data in .*kpi/ },
])('$name is skipped', async ({ flags, message }) => {
  const skipped = run(flags)
  await expect(skipped).rejects.toThrow(BenchSkipped)
  await expect(skipped).rejects.toThrow(message)
})

test('a model that there is not is told first', async () => {
  await expect(run({ data: folder, models: 'theta,thta' })).rejects.toMatchObject({ code: 'MODEL_MISSING' })
})

test.each(['0', '1.5', 'x'])('every %s-th window is none', async (every) => {
  await expect(run({ data: folder, every })).rejects.toMatchObject({ code: 'INVALID_PARAMS' })
})
