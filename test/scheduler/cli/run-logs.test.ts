import { expect, onTestFinished, test } from 'vitest'
import { newLines } from '../../../scheduler/cli/run-logs.ts'
import type { RunRecord } from '../../../scheduler/queue/runs.ts'
import { fakeApi } from '../../fakes/fake-api.ts'
import { runCli } from '../../fakes/fake-io.ts'

const record: RunRecord = {
  ...{ runId: 'r.default.cpu.forecast.0', kind: 'tick', flow: 'forecast', tenant: 'default', mission: 'cpu' },
  ...{ nominalMs: 0, state: 'failed', attempt: 1, worker: 'w', startedMs: 1_000, endedMs: 2_000 },
}

async function cli(line: string) {
  const app = await fakeApi({ runRecords: [record] })
  onTestFinished(() => app.close())
  const environment = { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
  return runCli(line.split(' '), { environment })
}

test('the lines of a run, for people and as JSON', async () => {
  expect(await cli(`run logs ${record.runId}`)).toMatchObject({
    ...{ exitCode: 0, out: '1970-01-01T00:00:01.000Z attempt 1 begins' },
  })
  const { out } = await cli(`run logs ${record.runId} --json`)
  expect(JSON.parse(out)).toEqual({ at: '1970-01-01T00:00:01.000Z', level: 'info', text: 'attempt 1 begins' })
  expect(await cli('run logs nope')).toMatchObject({ exitCode: 1, err: expect.stringContaining('no record of a run') })
})

test('following ends with the run, and with 1 when it failed', async () => {
  expect(await cli(`run logs ${record.runId} --follow`)).toMatchObject({
    ...{ exitCode: 1, out: '1970-01-01T00:00:01.000Z attempt 1 begins' },
  })
})

test('a run is cancelled and retried', async () => {
  expect(await cli(`run cancel ${record.runId} --reason wrong`)).toMatchObject({
    ...{ exitCode: 0, out: `${record.runId}: cancelled` },
  })
  const { out } = await cli(`run cancel ${record.runId} --reason wrong --json`)
  expect(JSON.parse(out)).toMatchObject({ state: 'cancelled', cancelled: { actor: 'anonymous', reason: 'wrong' } })
  expect(await cli(`run retry ${record.runId} nope`)).toMatchObject({
    ...{ exitCode: 1, out: `${record.runId}: waits for a worker, after 1 attempt` },
    err: expect.stringContaining('no record of a run "nope"'),
  })
  expect(await cli(`run retry ${record.runId} --timeout 1s`)).toMatchObject({ exitCode: 2 })
})

test.each([
  { name: 'nothing was seen', seen: [], lines: ['a', 'b'], fresh: ['a', 'b'] },
  { name: 'some were', seen: ['a', 'b'], lines: ['a', 'b', 'c'], fresh: ['c'] },
  { name: 'the oldest are gone', seen: ['a', 'b'], lines: ['b', 'c'], fresh: ['c'] },
  { name: 'all of them are gone', seen: ['a'], lines: ['x', 'y'], fresh: ['x', 'y'] },
])('where $name, the rest is new', ({ seen, lines, fresh }) => {
  const line = (text: string) => ({ at: 't', level: 'info' as const, text })
  expect(newLines(seen.map(line), lines.map(line)).map(({ text }) => text)).toEqual(fresh)
})
