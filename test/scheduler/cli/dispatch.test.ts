import { expect, test } from 'vitest'
import { commands } from '../../../scheduler/cli/commands.ts'
import { runCli } from '../../fakes/fake-io.ts'

test.each([
  { args: ['--help'], exitCode: 0, out: 'anomaly-times COMMAND --help explains a command' },
  { args: ['--version'], exitCode: 0, out: /^\d+\.\d+\.\d+$/ },
  { args: ['help', 'status'], exitCode: 0, out: 'Usage: anomaly-times status [options]' },
  { args: ['mission', 'get', 'x', '-h'], exitCode: 0, out: 'Usage: anomaly-times mission get ID [options]' },
  { args: ['mission', '--help'], exitCode: 0, out: 'mission resume' },
  { args: [], exitCode: 2, err: 'Usage: anomaly-times COMMAND' },
  { args: ['mission'], exitCode: 2, err: 'mission apply' },
  { args: ['statsu'], exitCode: 2, err: 'no command "statsu"; did you mean "status"?' },
  { args: ['mission', 'lst'], exitCode: 2, err: 'no command "mission lst"; did you mean "mission list"?' },
  { args: ['--verbose'], exitCode: 2, err: 'no command "--verbose"' },
  { args: ['status', '--jsn'], exitCode: 2, err: 'no option --jsn; did you mean "--json"?' },
  { args: ['up', '--prt', '1'], exitCode: 2, err: '--prt' },
  { args: ['worker'], exitCode: 2, err: '--pool forecast or --pool detect' },
])('$args ends with $exitCode', async ({ args, exitCode, out = '', err = '' }) => {
  const ended = await runCli(args)
  expect(ended.exitCode).toBe(exitCode)
  expect(ended.out).toMatch(out)
  expect(ended.err).toMatch(err)
})

test('where to start is told once', async () => {
  expect((await runCli(['--help'])).out).toContain('Start here:')
  const { out } = await runCli(['mission', '--help'])
  expect(out).toMatch(/^Usage: anomaly-times COMMAND/)
  expect(out).not.toContain('Start here:')
})

test('help names the key of the API', async () => {
  expect((await runCli(['status', '--help'])).out).toContain('AT_API_KEY or AT_API_KEY_FILE')
})

test('what is shown of a configuration can be written into one', async () => {
  const AT_DATASOURCES = "[{name: main, readUrl: 'http://vm:8428', timeout: 1m30s}]"
  const { out } = await runCli(['config', 'check'], { environment: { AT_DATASOURCES } })
  expect(out).toContain('timeout: 1m30s')
  expect(out).toContain('evalDelay: 30s')
})

test.each(commands.map(({ name }) => name))('%s explains itself', async (name) => {
  const { exitCode, out } = await runCli(['help', ...name.split(' ')])
  expect(exitCode).toBe(0)
  expect(out).toMatch(new RegExp(`^Usage: anomaly-times ${name}`))
})

test('a configuration is checked by the processes that use it, all problems at once', async () => {
  const environment = { AT_LISTEN: '9490', AT_REDSI_URL: 'x' }
  for (const args of [
    ['config', 'check'],
    ['scheduler', '--check-config'],
    ['worker', '--pool', 'detect', '--check-config'],
  ]) {
    const { exitCode, err } = await runCli(args, { environment })
    expect(exitCode).toBe(1)
    expect(err).toMatch(/2 problems:.*AT_REDSI_URL.*listen \(AT_LISTEN\)/s)
  }
  expect(await runCli(['scheduler', '--check-config'], { environment: { AT_REDIS_URL: 'redis://h' } })).toMatchObject({
    exitCode: 0,
    out: 'the configuration is fine',
    err: '',
  })
  expect(await runCli(['scheduler', '--check-config'])).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('redis.url is missing'),
  })
})

test('the configuration in force is shown without secrets', async () => {
  const { out } = await runCli(['config', 'check'], { environment: { AT_REDIS_URL: 'redis://:secret@h' } })
  expect(out).toContain('url: redis://<redacted>@h')
})
