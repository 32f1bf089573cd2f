import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { fakeApi } from '../../fakes/fake-api.ts'
import { runCli } from '../../fakes/fake-io.ts'
import { localServer } from '../../fakes/local-server.ts'

const app = await fakeApi()
const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
const elsewhere = await localServer((_, response) => void response.writeHead(404).end('<html>'))
afterAll(async () => {
  await elsewhere.close()
  await app.close()
})

const run = (line: string, stdin = '') => runCli(line.split(' '), { environment, stdin })

test('apply tells what became of every document, and of a repeat', async () => {
  const stdin =
    'id: apply-a\nquery: up\n---\nid: apply-b\nquery: "bad("\n---\nid: apply-c\nqurey: up\n---\nid: apply-a\nquery: x\n---\nnothing'
  const first = await run('mission apply -f -', stdin)
  expect(first.exitCode).toBe(1)
  expect(first.out.split('\n')).toEqual([
    expect.stringMatching(/^OUTCOME +MISSION +FROM$/),
    expect.stringMatching(/^created +apply-a +stdin:1$/),
    expect.stringMatching(/^failed +apply-b +stdin:4 +the store refuses "bad\("$/),
    expect.stringMatching(
      /^failed +apply-c +stdin:7 +\/query: is missing +\/qurey: no such field; did you mean "query"\?$/,
    ),
    expect.stringMatching(/^failed +apply-a +stdin:10 +a mission of this id stands at stdin:1 already$/),
    expect.stringMatching(/^failed +- +stdin:13 +expected object, received string$/),
    '1 created, 4 failed',
  ])
  const again = await run('mission apply -f - --json', '{"id": "apply-a", "query": "up"}')
  expect(again).toMatchObject({
    exitCode: 0,
    err: '',
    out: '{"outcome":"unchanged","id":"apply-a","origin":"stdin:1","errors":[],"warnings":[]}',
  })
})

test('a deployment from Git: what changes is shown before, and what is gone is deleted', async () => {
  const options = '--owner git --prune'
  await run(`apply -f - ${options}`, 'id: git-a\nquery: up\n---\nid: git-b\nquery: up')
  const edited = 'id: git-a\nquery: down'
  const dry = await run(`apply -f - ${options} --dry-run`, edited)
  expect(dry.out.split('\n').slice(1)).toEqual([
    expect.stringMatching(/^updated +git-a +stdin:1 +\/query: "up" -> "down"$/),
    expect.stringMatching(/^pruned +git-b *$/),
    '1 updated, 1 pruned',
  ])
  expect((await run('mission get git-b')).exitCode).toBe(0)
  const failing = await run(`apply -f - ${options}`, `${edited}\n---\nid: git-c\nqurey: x`)
  expect([failing.exitCode, failing.err]).toEqual([
    1,
    expect.stringContaining('nothing is pruned: some of the documents'),
  ])
  expect((await run(`apply -f - ${options}`, edited)).out).toMatch(/\n1 unchanged, 1 pruned$/)
  expect((await run('mission get git-b')).err).toBe('error: no mission "git-b"')
  expect((await run('apply -f - --prune', edited)).exitCode).toBe(2)
})

test('apply tells that a query is not checked', async () => {
  const { out, exitCode } = await run('mission apply -f -', '{"id": "warn-a", "query": "busy"}')
  expect([exitCode, out]).toEqual([
    0,
    expect.stringMatching(/created +warn-a +stdin:1 +warning: the query is not checked/),
  ])
})

test('apply reads folders; a check sends nothing, and a dry run changes nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'at-apply-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  expect(await run(`mission apply -f ${dir}`)).toMatchObject({ exitCode: 1, err: `error: no documents in ${dir}` })
  for (let n = 0; n < 20; n++) writeFileSync(join(dir, `${n}.yaml`), `id: folder-${n}\nquery: up\n`)
  expect((await run(`mission apply -f ${dir} --check`)).out).toMatch(/\n20 valid$/)
  expect((await run(`mission apply -f ${dir} --dry-run`)).out).toMatch(/\n20 created$/)
  expect((await run('mission get folder-0')).err).toBe('error: no mission "folder-0"')
  expect((await run(`mission apply -f ${dir}`)).out).toMatch(/\n20 created$/)
})

test('an API that goes away in the middle leaves said what was done', async () => {
  let answers = 0
  const dying = await localServer((_, response, body) => {
    if (++answers > 2) return void response.destroy()
    const items = JSON.parse(body).map(({ id }: { id: string }) => ({ id, outcome: 'created' }))
    response.end(JSON.stringify({ items }))
  })
  onTestFinished(() => dying.close())
  const stdin = Array.from({ length: 1_200 }, (_, n) => JSON.stringify({ id: `m-${n}`, query: 'up' })).join('\n')
  const { exitCode, out, err } = await runCli(['mission', 'apply', '-f', '-'], {
    environment: { AT_API: dying.url },
    stdin,
  })
  expect([exitCode, out.split('\n').at(-1)]).toEqual([1, '1000 created'])
  expect(err).toContain(`${dying.url} does not answer`)
})

test('what list shows as YAML is input for apply', async () => {
  await run(
    'mission apply -f -',
    '[{"id": "list-a", "query": "up"}, {"id": "list-b", "query": "a\\nb", "paused": true}]',
  )
  const { out } = await run('mission list -o yaml')
  const again = await run('mission apply -f -', out)
  expect(again.out).toMatch(/unchanged +list-a.*unchanged +list-b.*\d+ unchanged$/s)
  expect((await run('mission list')).out).toMatch(/MISSION +STATE.*list-b +active +- +- +- +\d+ d ago +- +a b/s)
  expect(JSON.parse((await run('mission list -o json')).out)).toContainEqual(expect.objectContaining({ id: 'list-a' }))
  expect(await run('mission list --json')).toEqual(await run('mission list -o json'))
  expect((await run('mission list -o xml')).exitCode).toBe(2)
  expect(await run('mission list -o yaml --json')).toMatchObject({
    exitCode: 2,
    err: expect.stringContaining('not both'),
  })
})

test.each([
  { what: 'all learn', status: { series: { ok: 0, learning: 3, no_data: 1 } }, why: '3 learning, 1 no_data' },
  {
    what: 'some are late',
    status: { missionScore: 0.5, series: { ok: 2, stale_forecast: 1 } },
    why: '1 stale_forecast',
  },
  {
    what: 'all are scored',
    status: { missionScore: 2, series: { ok: 2, gated: 1, out_of_range: 1, lost: 0 } },
    why: '-',
  },
  {
    what: 'one is an anomaly',
    status: { missionScore: 2, anomalous: 1, series: { ok: 2, learning: 3 } },
    why: '1 above 1, 3 learning',
  },
  { what: 'none is there', status: { series: { ok: 0 } }, why: 'the query returns nothing' },
  { what: 'none was looked at', status: { state: 'new' }, why: '-' },
  {
    what: 'the fall-back forecast',
    status: { series: { ok: 2 }, fallback: 'fallback:MODEL_MISSING' },
    why: 'fallback:MODEL_MISSING',
  },
  { what: 'runs fail', status: { state: 'failing', lastError: { message: 'no   store' } }, why: 'no store' },
  { what: 'it is paused', status: { state: 'paused' }, why: 'night work' },
  { what: 'it is unchecked', status: { unchecked: { reason: 'x' } }, why: 'the store has not checked the query yet' },
])('list tells why series have no score: $what', async ({ status, why }) => {
  const mission = {
    id: 'a',
    document: { query: 'up' },
    pause: { reason: 'night work' },
    status: { state: 'active', ...status },
  }
  const api = await localServer((_, response) => void response.end(JSON.stringify({ missions: [mission] })))
  onTestFinished(() => api.close())
  const { out } = await runCli(['mission', 'list'], { environment: { AT_API: api.url } })
  const [head = '', row = ''] = out.split('\n')
  expect(row.slice(head.indexOf('WHY'), head.indexOf('QUERY')).trim()).toBe(why)
})

test('one mission in full, paused, resumed, triggered, deleted', async () => {
  await run('mission apply -f -', 'id: one\nquery: up')
  expect(
    (await runCli(['mission', 'pause', 'one', '--reason', 'night work', '--for', '2h'], { environment })).out,
  ).toMatch(/^one: paused until 2/)
  expect((await run('mission get one')).out).toMatch(
    /^mission +one, generation 1.*model +auto \(default\), fall-back seasonal-naive\nforecast +step 5m, context 7d, horizon 5h20m, minPoints 10\ndetect +step 1m\nstate +paused\npaused by +anonymous: night work/s,
  )
  expect((await run('mission resume one')).out).toBe('one: resumed')
  expect((await run('mission trigger one --flow detect')).out).toMatch(/^one: run f\.default\.one/)
  expect((await run('mission trigger one --flow paint')).err).toContain('--flow paint: write forecast or detect')
  expect(await run('mission delete one missing')).toMatchObject({
    exitCode: 1,
    out: 'one: deleted',
    err: 'missing: no mission "missing"',
  })
})

test.each([
  { AT_API: 'http://127.0.0.1:1', err: 'nothing listens at http://127.0.0.1:1: start `anomaly-times up`', exitCode: 1 },
  { AT_API: 'localhost:9490', err: '"localhost:9490" is no URL of an API', exitCode: 2 },
  { AT_API: elsewhere.url, err: 'and not as our API does', exitCode: 1 },
])('an API at $AT_API: $err', async ({ AT_API, err, exitCode }) => {
  for (const args of [
    ['mission', 'list'],
    ['mission', 'delete', 'a'],
  ]) {
    const ended = await runCli(args, { environment: { AT_API } })
    expect(ended.err).toContain(err)
    expect(ended.exitCode).toBe(exitCode)
  }
})

test('keys come from a variable or a file', async () => {
  const apiKeys = [{ name: 'ci', key: 'key-of-the-red-team', tenant: 'red' }]
  const guarded = await fakeApi({ settings: { apiKeys } })
  onTestFinished(() => guarded.close())
  const AT_API = await guarded.listen({ port: 0, host: '127.0.0.1' })
  const dir = mkdtempSync(join(tmpdir(), 'at-key-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'key'), 'key-of-the-red-team\n')
  const list = (more: Record<string, string>) => runCli(['mission', 'list'], { environment: { AT_API, ...more } })
  expect((await list({ AT_API_KEY: 'key-of-the-red-team' })).exitCode).toBe(0)
  expect((await list({ AT_API_KEY_FILE: join(dir, 'key') })).exitCode).toBe(0)
  expect((await list({})).err).toContain('set AT_API_KEY')
})

test('an empty AT_API is not set', async () => {
  const { err } = await runCli(['mission', 'list'], { environment: { AT_API: '' } })
  expect(err).not.toContain('is no URL')
})
