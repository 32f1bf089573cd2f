import { expect, test } from 'vitest'
import { limitsOf } from '../../../scheduler/execution/limits-of.ts'
import type { RunJob } from '../../../scheduler/queue/runs.ts'
import { executionWorld } from '../../fakes/execution-world.ts'

const { mission } = executionWorld()
const limits = { flows: { detect: 8, 'forecast-once': 1 }, tenants: { default: 3 }, datasources: { main: 2, other: 5 } }
const named = (changes: Partial<typeof limits> = {}) =>
  limitsOf({
    limits: { ...limits, ...changes },
    mission: async ({ mission: id }) => (id === 'cpu' ? mission : undefined),
    datasource: (_, name = 'main') =>
      ({ name, kind: 'prometheus', evalDelayMs: 0, maxSeries: 1, futureWrites: 'deferred' }) as const,
  })
const job = (fields: Partial<RunJob>) => ({ tenant: 'default', flow: 'detect', mission: 'cpu', ...fields }) as RunJob

test.each<{ fields: Partial<RunJob>; found: string[]; what: string }>([
  { fields: {}, found: ['flow:detect 8', 'tenant:default 3', 'datasource:main 2'], what: 'a run of a mission' },
  { fields: { flow: 'forecast', tenant: 'red' }, found: ['datasource:main 2'], what: 'another flow and tenant' },
  { fields: { mission: 'gone' }, found: ['flow:detect 8', 'tenant:default 3'], what: 'a mission that is gone' },
  {
    fields: { mission: '', task: { flow: 'forecast-once', params: { query: 'up', datasource: 'other' } } },
    found: ['flow:forecast-once 1', 'tenant:default 3', 'datasource:other 5'],
    what: 'a query of a schedule',
  },
  {
    fields: { mission: '', task: { flow: 'detect', params: { mission: 'cpu' } } },
    found: ['flow:detect 8', 'tenant:default 3', 'datasource:main 2'],
    what: 'a mission of a schedule',
  },
  {
    fields: { mission: '', task: { flow: 'noop', params: {} } },
    found: ['tenant:default 3'],
    what: 'a schedule without a store',
  },
])('$what counts for $found', async ({ fields, found }) => {
  expect((await named()(job(fields))).map(({ name, most }) => `${name} ${most}`)).toEqual(found)
})

test('without limits nothing is read', async () => {
  const none = limitsOf({
    limits: { flows: {}, tenants: {}, datasources: {} },
    mission: () => Promise.reject(new Error('read a mission')),
    datasource: () => undefined,
  })
  expect(await none(job({}))).toEqual([])
})
