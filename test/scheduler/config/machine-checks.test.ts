import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { machineFindings } from '../../../scheduler/config/machine-checks.ts'
import { runCli } from '../../fakes/fake-io.ts'

const dir = mkdtempSync(join(tmpdir(), 'machine-'))
afterAll(() => rmSync(dir, { recursive: true }))
const models = { dir }

test.each([
  { name: 'nothing', tree: undefined },
  { name: 'what there is', tree: { models, defaults: { model: 'seasonal-naive' }, missionsDir: dir } },
  { name: 'models of workers', tree: { models: { onWorkersOnly: true }, defaults: { model: 'prophet' } } },
  { name: 'what the schema refuses', tree: { models: 1, defaults: { model: 'prophet' }, missionsDir: 5 } },
])('$name is no finding', ({ tree }) => {
  expect(machineFindings(tree)).toEqual([])
})

test('a model that is not installed and a folder that is not there are found', () => {
  const tree = { models, defaults: { model: 'prophet', fallback: 'sesonal-naive' }, missionsDir: '/nope' }
  expect(machineFindings(tree)).toEqual([
    { path: ['defaults', 'model'], detail: expect.stringContaining('model "prophet" is not installed') },
    { path: ['defaults', 'fallback'], detail: expect.stringContaining('did you mean "seasonal-naive"?') },
    { path: ['missionsDir'], detail: '/nope is no folder on this machine' },
  ])
})

test.each([{ args: ['config', 'check'] }, { args: ['scheduler', '--check-config'] }])(
  '$args tells them with the other problems',
  async ({ args }) => {
    const environment = {
      AT_LISTEN: '9490',
      AT_DEFAULTS_MODEL: 'prophet',
      AT_MISSIONS_DIR: '/nope',
      AT_MODELS_DIR: dir,
    }
    const { exitCode, err } = await runCli(args, { environment })
    expect(exitCode).toBe(1)
    expect(err).toMatch(/3 problems:.*listen .*defaults\.model \(AT_DEFAULTS_MODEL\).*missionsDir \(AT_MISSIONS_DIR\)/s)
  },
)
