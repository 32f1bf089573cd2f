import { expect, test } from 'vitest'
import { readEnvironment } from '../../../scheduler/config/environment.ts'

test.each([
  { variable: 'AT_LISTEN', text: ':80', path: ['listen'], value: ':80' },
  { variable: 'AT_REDIS__DATA_URL', text: 'redis://d', path: ['redis', 'dataUrl'], value: 'redis://d' },
  { variable: 'AT_REDIS_DATA_URL', text: 'redis://d', path: ['redis', 'dataUrl'], value: 'redis://d' },
  { variable: 'AT_STATE_DIR', text: '/s', path: ['stateDir'], value: '/s' },
  { variable: 'AT_WORKER__CONCURRENCY__DETECT', text: '3', path: ['worker', 'concurrency', 'detect'], value: 3 },
  { variable: 'AT_WORKER__CONCURRENCY', text: '{detect: 3}', path: ['worker', 'concurrency'], value: { detect: 3 } },
  { variable: 'AT_DEFAULTS__MAX_SERIES', text: 'many', path: ['defaults', 'maxSeries'], value: 'many' },
  {
    variable: 'AT_REDIS__TLS__INSECURE_SKIP_VERIFY',
    text: 'true',
    path: ['redis', 'tls', 'insecureSkipVerify'],
    value: true,
  },
  { variable: 'AT_REDIS__PASSWORD_FILE', text: '/p', path: ['redis', 'passwordFile'], value: '/p' },
  { variable: 'AT_REDIS_PASSWORD_FILE', text: '/p', path: ['redis', 'passwordFile'], value: '/p' },
  { variable: 'AT_API_KEYS__0__KEY_FILE', text: '/k', path: ['apiKeys', 0, 'keyFile'], value: '/k' },
  { variable: 'AT_DATASOURCES__1__BEARER_FILE', text: '/b', path: ['datasources', 1, 'bearerFile'], value: '/b' },
  {
    variable: 'AT_DATASOURCES__0__HEADERS__X_TEAM',
    text: 'sre',
    path: ['datasources', 0, 'headers', 'x-team'],
    value: 'sre',
  },
])('$variable=$text sets $path', ({ variable, text, path, value }) => {
  expect(readEnvironment({ [variable]: text })).toEqual({ settings: [{ variable, path, value }], problems: [] })
})

test.each([
  { variable: 'AT_REDSI__URL', hint: 'AT_REDIS__URL' },
  { variable: 'AT_REDIS_URLL', hint: 'AT_REDIS_URL' },
  { variable: 'AT_DATASOURCES__0__REDURL', hint: 'AT_DATASOURCES__0__READ_URL' },
  { variable: 'AT_REDSI__TLS__CAA', hint: 'AT_REDIS__TLS__CA' },
])('$variable is refused with a hint', ({ variable, hint }) => {
  expect(readEnvironment({ [variable]: 'x' }).problems).toEqual([
    { variable, detail: `no such setting; did you mean "${hint}"?` },
  ])
})

test.each(['AT_FOO', 'AT_DATASOURCES__ZERO__NAME'])('%s is far from all settings', (variable) => {
  expect(readEnvironment({ [variable]: 'x' }).problems).toEqual([{ variable, detail: 'no such setting' }])
})

test('a list that is cut off says where, and nothing of its type', () => {
  const { settings, problems } = readEnvironment({ AT_DATASOURCES: '[{"name": "main", "readUrl"' })
  expect(settings).toEqual([])
  expect(problems).toEqual([
    { variable: 'AT_DATASOURCES', detail: expect.stringMatching(/^no YAML or JSON: .* at line 1, column \d+$/) },
  ])
})

test('variables of others, of the command line and empty ones are left alone', () => {
  const environment = {
    ...{ PATH: '/bin', AT_API: 'http://x', AT_API_KEY: 'k', AT_CONFIG: 'f', AT_LISTEN: '' },
    // what kubernetes sets for services called "at" and "at-redis"
    ...{ AT_SERVICE_HOST: '10.0.0.1', AT_REDIS_PORT: 'tcp://10.0.0.2:6379', AT_REDIS_PORT_6379_TCP_ADDR: '10.0.0.2' },
  }
  expect(readEnvironment(environment)).toEqual({ settings: [], problems: [] })
})
