import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { loadConfig } from '../../scheduler/config.ts'

const folder = join(import.meta.dirname, '../fixtures/config')
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))

/** A fixture says in its first comments what is wrong with it: `# problem: PATH (LINE): DETAIL`. */
function expectedProblems(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^# problem: (.*)$/gm)].map(([, text = '']) => text)
}

function problemsOf(load: () => unknown): string[] {
  try {
    load()
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'INVALID_CONFIG') throw error
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replaceAll(`${folder}/`, ''))
  }
  return []
}

test.each(files)('%s has the problems that it names, and no others', (name) => {
  const file = join(folder, name)
  expect(problemsOf(() => loadConfig({ file, environment: {} }))).toEqual(expectedProblems(file))
})

test('nothing at all is a configuration', () => {
  const config = loadConfig({ environment: {} })
  expect(config).toMatchObject({
    listen: '127.0.0.1:9490',
    apiKeys: [],
    datasources: [],
    defaults: { model: 'auto' },
  })
})

test('the environment wins over the file, setting by setting', () => {
  const environment = {
    AT_CONFIG: join(folder, 'full-good.yaml'),
    AT_REDIS__URL: 'redis://other:6379',
    AT_DATASOURCES__0__READ_URL: 'http://elsewhere:8428',
    AT_WORKER__CONCURRENCY__DETECT: '3',
  }
  const config = loadConfig({ environment })
  expect(config.redis).toMatchObject({ url: 'redis://other:6379', dataUrl: 'rediss://data:6380' })
  expect(config.datasources[0]).toMatchObject({ name: 'main', readUrl: 'http://elsewhere:8428' })
  expect(config.worker.concurrency).toEqual({ forecast: 4, detect: 3 })
})

test('a secret comes from a file, without its last newline', () => {
  const config = loadConfig({
    environment: { AT_REDIS_URL: 'redis://h', AT_REDIS_PASSWORD_FILE: join(folder, 'secret.txt') },
  })
  expect(config.redis?.password).toBe('correct horse battery')
})

test('problems of variables name the variable', () => {
  const environment = {
    ...{
      AT_LISTEN: '9490',
      AT_WORKER__CONCURRENCY__DETECT: 'many',
      AT_REDIS_PASSWORD: 'p',
      AT_REDIS_PASSWORD_FILE: '/nowhere',
    },
    AT_API_KEYS: '[{name: ci, key: short}]',
  }
  expect(problemsOf(() => loadConfig({ environment }))).toEqual([
    'redis.passwordFile (AT_REDIS_PASSWORD_FILE): give password or passwordFile, not both',
    'listen (AT_LISTEN): write host:port, as 127.0.0.1:9490 or [::1]:9490',
    'apiKeys.0.key (AT_API_KEYS): use at least 16 characters, no white space',
    'redis.url (not set): is missing',
    'worker.concurrency.detect (AT_WORKER__CONCURRENCY__DETECT): expected number, received string',
  ])
})

test('a file that was named must be there', () => {
  expect(problemsOf(() => loadConfig({ file: '/nowhere.yaml', environment: {} }))).toEqual([
    '/nowhere.yaml: cannot be read (ENOENT)',
  ])
})
