import { expect, test } from 'vitest'
import { runCli } from '../../fakes/fake-io.ts'

const environment = { AT_API: 'http://127.0.0.1:1' }

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
