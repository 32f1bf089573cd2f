import { afterEach, expect, test } from 'vitest'
import { AppError } from '../../models/errors.ts'
import { runCli } from '../fakes/fake-io.ts'
import { backfillStage, time } from './backfill-stage.ts'
import { realRedis } from './real-redis.ts'

const real = realRedis()
const { stage, scene } = backfillStage(real)
let stopped = false
afterEach(() => {
  stopped = true
})

async function cliScene() {
  const opened = await scene()
  await stage.put({ datasource: 'vm' })
  const environment = { AT_API: await opened.app.listen({ port: 0, host: '127.0.0.1' }) }
  const cli = (line: string, isTerminal = false) => runCli(line.split(' '), { environment, isTerminal })
  return { ...opened, cli }
}

const morning = `backfill create cpu --id morning --flow forecast --from ${time(-5.5)} --to ${time(-2)}`

test('a dry run, a backfill, the same again, and another under its id', async () => {
  const { cli } = await cliScene()
  expect(await cli(`${morning} --dry-run`)).toMatchObject({
    ...{ exitCode: 0, out: '1 mission: 4 forecasts of 4 T, 0 runs of detection, 42 steps; nothing is stored' },
  })
  expect(JSON.parse((await cli(`${morning} --dry-run --json`)).out)).toMatchObject({ forecasts: 4 })
  expect((await cli('backfill list')).out).toBe('no backfills')
  expect(await cli(morning)).toMatchObject({ exitCode: 0, out: 'morning: created, 4 pieces' })
  expect((await cli(morning)).out).toBe('morning: unchanged, 4 pieces')
  const other = await cli(`${morning} --max-active 3`)
  expect([other.exitCode, other.err]).toEqual([1, expect.stringContaining('exists with another document')])
  expect((await cli('backfill list')).out).toMatch(/^BACKFILL .*\nmorning +running +forecast +cpu .* 0\/4$/)
  expect(JSON.parse((await cli('backfill get morning --json')).out)).toMatchObject({ progress: { left: 4 } })
})

test.each([
  { line: 'backfill create --last 1h', says: 'name a MISSION or give --labels' },
  { line: 'backfill create cpu', says: 'give --from or --last' },
  { line: 'backfill create cpu --last 1h --to noon', says: '--to noon: write an instant' },
  { line: `backfill create cpu --from ${time(-2)} --to ${time(-1)} --max-active 0`, says: 'maxActive' },
])('$line is refused', async ({ line, says }) => {
  const { cli } = await cliScene()
  const { exitCode, err } = await cli(line)
  expect([exitCode, err]).toEqual([2, expect.stringContaining(says)])
})

test('is watched to its end, with what failed', async () => {
  const { cli, work, advance } = await cliScene()
  work(async ({ nominalMs }) => {
    if (nominalMs === Date.parse(time(-4))) throw new AppError('QUERY_REJECTED', 'parse error')
    return {}
  })
  stopped = false
  const drives = (async () => {
    while (!stopped) {
      await advance('morning').catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  const watched = await cli(`${morning} --watch`, true)
  stopped = true
  await drives
  expect(watched.exitCode).toBe(1)
  expect(watched.drawn).toContain('░ 0/4')
  expect(watched.out.split('\n').at(-1)).toBe('████████████████████████ 4/4, 1 failed, finished')
  expect((await cli('backfill get morning')).out).toMatch(/^failed +cpu .*T08:00:00.000Z QUERY_REJECTED: parse error$/m)
  expect(await cli('backfill delete morning')).toMatchObject({ exitCode: 0, out: 'morning: deleted' })
})

test('is paused, resumed and cancelled', async () => {
  const { cli } = await cliScene()
  await cli(morning)
  expect((await cli('backfill pause morning --reason release')).out).toBe('morning: paused')
  expect((await cli('backfill get morning')).out).toMatch(/^paused by +anonymous: release$/m)
  expect((await cli('backfill resume morning')).out).toBe('morning: running')
  expect((await cli('backfill delete morning')).err).toContain('cancel it first')
  expect((await cli('backfill cancel morning none')).out).toBe('morning: cancelled')
})
