import { expect, onTestFinished, test } from 'vitest'
import { fakeApi } from '../../fakes/fake-api.ts'
import { runCli } from '../../fakes/fake-io.ts'

const environment = { AT_API: 'http://127.0.0.1:1' }

test('a mission of the API has no datasource here', async () => {
  const app = await fakeApi()
  onTestFinished(() => app.close())
  const AT_API = await app.listen({ port: 0, host: '127.0.0.1' })
  await runCli(['mission', 'apply', '-f', '-'], { environment: { AT_API }, stdin: 'id: cpu\nquery: up' })
  const { err, exitCode } = await runCli(['run', 'forecast', 'cpu', '--dry-run'], { environment: { AT_API } })
  expect(err).toContain('the API has mission "cpu", but this process, which would run it, has no datasource')
  expect(err).toContain('anomaly-times mission trigger cpu --flow forecast --wait')
  expect(exitCode).toBe(2)
})

test.each([
  { args: [], stdin: '', exitCode: 2, err: 'name one of MISSION, -f FILE and -q QUERY' },
  { args: ['cpu', '-q', 'up'], stdin: '', exitCode: 2, err: 'name one of MISSION, -f FILE and -q QUERY' },
  { args: ['cpu'], stdin: '', exitCode: 1, err: 'nothing listens at http://127.0.0.1:1' },
  { args: ['-q', 'up', '--at', 'noon'], stdin: '', exitCode: 2, err: '--at noon: write an instant' },
  { args: ['-q', 'up', '--store', 'vm:8428'], stdin: '', exitCode: 2, err: '--store vm:8428: write a URL' },
  {
    args: ['-q', 'up', '--store', '127.0.0.1:8428'],
    stdin: '',
    exitCode: 2,
    err: '--store 127.0.0.1:8428: write a URL',
  },
  { args: ['-q', 'up'], stdin: '', exitCode: 2, err: 'name a store by --store URL' },
  {
    args: ['-f', '-'],
    stdin: 'id: a\nquery: up\n---\nid: b\nquery: up',
    exitCode: 2,
    err: '- has 2 documents, not one',
  },
  { args: ['-f', '-'], stdin: 'id: a\nstep: soon', exitCode: 2, err: 'stdin:1: ' },
  { args: ['-f', '/nowhere.yaml'], stdin: '', exitCode: 1, err: 'cannot read /nowhere.yaml (ENOENT)' },
])('run detect $args ends with $exitCode: $err', async ({ args, stdin, exitCode, err }) => {
  const ended = await runCli(['run', 'detect', ...args], { environment, stdin })
  expect(ended.err).toContain(err)
  expect(ended.exitCode).toBe(exitCode)
})
