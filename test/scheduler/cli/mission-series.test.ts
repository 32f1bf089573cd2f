import { afterAll, expect, test } from 'vitest'
import { fakeApi } from '../../fakes/fake-api.ts'
import { runCli } from '../../fakes/fake-io.ts'

const app = await fakeApi()
const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
afterAll(() => app.close())

const run = (line: string) => runCli(`mission series ${line}`.split(' '), { environment })

test('a table with the worst first, how far learning is, and how many there are', async () => {
  const { out, exitCode } = await run('cpu')
  const [header, ...lines] = out.split('\n').map((line) => line.replace(/\s\s+/g, '  '))
  expect(header).toBe('SERIES  STATE  VALUE  PRED  LOWER  UPPER  SCORE  SINCE  WHY')
  expect(lines).toEqual([
    expect.stringMatching(/^cpu\{hot\} {2}anomaly {2}20 {2}10 {2}8 {2}12 {2}2.61 {2}.+ ago {2}above the band$/),
    expect.stringMatching(
      /^cpu\{young\} {2}learning {2}5(?: {2}-){5} {2}new since the last forecast: 6 of 10 points since it was first seen, .+ ago$/,
    ),
    'cpu{calm}  ok  10  10  8  12  0.00  -  within the band',
    'at 2026-11-24T12:00:00.000Z: 2 ok, 1 learning; 1 above 1',
  ])
  expect(exitCode).toBe(0)
})

test('only some of them, and as JSON', async () => {
  expect((await run('cpu --limit 1')).out).toContain('\n... and more: --limit N shows them\n')
  expect((await run('cpu --limit 1')).out).toMatch(/; 1 or more above 1$/)
  const { series } = JSON.parse((await run('cpu --state learning -o json')).out)
  expect(series).toMatchObject([
    { state: 'learning', learning: { points: 6, minPoints: 10, firstSeen: '2026-11-24T11:30:00.000Z' } },
  ])
  const [worst] = JSON.parse((await run('cpu --json')).out).series
  expect(worst).toMatchObject({ state: 'ok', score: 2.61 })
})

test.each([
  { line: 'nope', exitCode: 1, err: /no mission "nope"/ },
  { line: 'cpu --state bored', exitCode: 2, err: /state/ },
  { line: 'cpu --limit many', exitCode: 2, err: /--limit many: write a number/ },
  { line: 'cpu -o yaml', exitCode: 2, err: /-o yaml: write json/ },
])('mission series $line fails with a word', async ({ line, exitCode, err }) => {
  expect(await run(line)).toMatchObject({ exitCode, err: expect.stringMatching(err) })
})
