import { afterAll, expect, test } from 'vitest'
import { fakeApi } from '../../fakes/fake-api.ts'
import { runCli } from '../../fakes/fake-io.ts'

const app = await fakeApi()
const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
afterAll(() => app.close())
const run = (args: readonly string[], stdin = '') => runCli(args, { environment, stdin })

test('fields of a mission are set and removed by name, or by a document', async () => {
  const payload = { query: 'cpu', notes: 'old', labels: { team: 'sre' } }
  await app.inject({ method: 'PUT', url: '/api/v1/missions/cpu', payload })
  const fields = ['forecast.every=30m', 'labels.env=dev', 'maxSeries=5', 'notes=null']
  const patched = await run(['mission', 'patch', 'cpu', ...fields])
  expect([patched.exitCode, patched.out, patched.err]).toEqual([0, 'cpu updated, generation 2', ''])
  expect((await run(['mission', 'patch', 'cpu', '-f', '-'], 'maxSeries: 5')).out).toBe('cpu unchanged, generation 2')
  const { document } = (await app.inject('/api/v1/missions/cpu')).json()
  expect(document).toEqual({
    ...{ id: 'cpu', query: 'cpu', labels: { team: 'sre', env: 'dev' }, forecast: { every: '30m' }, maxSeries: 5 },
  })
})

test.each([
  { args: [], err: 'say what to change' },
  { args: ['notes'], err: 'notes: write FIELD=VALUE' },
  { args: ['notes={'], err: 'notes={: ' },
  { args: ['qurey=x'], err: '/qurey: no such field' },
])('$args is refused', async ({ args, err }) => {
  const refused = await run(['mission', 'patch', 'cpu', ...args])
  expect(refused.exitCode).not.toBe(0)
  expect(refused.err).toContain(err)
})
