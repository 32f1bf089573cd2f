import { expect, test } from 'vitest'
import { judgeRedis, parseInfo } from '../../../scheduler/redis/redis-check.ts'

const good = { redis_version: '7.0.15', maxmemory_policy: 'noeviction', aof_enabled: '1' }

function info(fields: Readonly<Record<string, string>>): string {
  return `# Server\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}:${value}`)
    .join('\r\n')}\r\n`
}

test('a Redis that keeps everything has neither problems nor warnings', () => {
  expect(judgeRedis(parseInfo(info(good)))).toEqual({ version: '7.0.15', problems: [], warnings: [] })
})

test.each([
  { what: 'eviction', fields: { maxmemory_policy: 'allkeys-lru' }, problem: 'maxmemory-policy is allkeys-lru' },
  { what: 'an old release', fields: { redis_version: '6.0.16' }, problem: 'Redis 6.0.16 is too old' },
  { what: 'a cluster that is not whole', fields: { cluster_state: 'fail' }, problem: 'slots that no master serves' },
  { what: 'a full disk', fields: { aof_last_write_status: 'err' }, problem: 'cannot write its append-only file' },
])('$what is a problem', ({ fields, problem }) => {
  expect(judgeRedis(parseInfo(info({ ...good, ...fields }))).problems.join()).toContain(problem)
})

test('no append-only file and a hidden policy are warnings', () => {
  const { problems, warnings } = judgeRedis(parseInfo(info({ redis_version: '7.2.4', aof_enabled: '0' })))
  expect(problems).toEqual([])
  expect(warnings).toEqual([expect.stringContaining('maxmemory-policy'), expect.stringContaining('appendonly is off')])
})
