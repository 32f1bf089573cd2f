import { expect, onTestFinished, test } from 'vitest'
import { apiClient } from '../../../scheduler/cli/api-client.ts'
import { awaitRun, describeRunRecord } from '../../../scheduler/cli/run-show.ts'
import type { RunRecord } from '../../../scheduler/queue/runs.ts'
import { fakeApi } from '../../fakes/fake-api.ts'
import { runCli } from '../../fakes/fake-io.ts'
import { fakeMissionService } from '../../fakes/fake-mission-service.ts'

const startedMs = Date.parse('2026-11-24T12:00:01Z')
const record: RunRecord = {
  ...{ runId: 'f.default.cpu.0.key.forecast', kind: 'trigger', flow: 'forecast', tenant: 'default', mission: 'cpu' },
  ...{ nominalMs: startedMs - 1_000, state: 'succeeded', attempt: 1, worker: 'worker-1', startedMs },
  ...{ endedMs: startedMs + 1_250, summary: { read: 3, fallback: 'model_missing', seconds: { read: 0.5 } } },
}
const failed: RunRecord = {
  ...record,
  state: 'failed',
  error: { code: 'QUERY_REJECTED', message: 'cpu: no such function' },
}

async function apiWith(runRecords: RunRecord[]) {
  const missions = fakeMissionService()
  await missions.put('default', { id: 'cpu', query: 'up' }, { actor: 'test' })
  const app = await fakeApi({ runRecords, missions })
  onTestFinished(() => app.close())
  return { AT_API: await app.listen({ port: 0, host: '127.0.0.1' }) }
}

test('a run is shown with its outcome and what it did', async () => {
  const environment = await apiWith([record])
  const { exitCode, out } = await runCli(['run', 'show', record.runId], { environment })
  expect(exitCode).toBe(0)
  expect(out).toBe(`run       f.default.cpu.0.key.forecast
of        forecast of mission cpu (trigger)
T         2026-11-24T12:00:00.000Z
state     succeeded after 1.3 s
attempt   1, by worker-1
read      3
fallback  model_missing
seconds   {"read":0.5}`)
  const shown = await runCli(['run', 'show', record.runId, '--json'], { environment })
  expect(JSON.parse(shown.out)).toMatchObject({ runId: record.runId, summary: { read: 3 } })
})

test('a tenant is not told which worker had it', () => {
  const { nominalMs, startedMs, worker, attempts, job, cancel, ...run } = record
  const times = { nominal: new Date(nominalMs).toISOString(), startedAt: new Date(startedMs).toISOString() }
  expect(describeRunRecord({ ...run, ...times, summary: {} })).toMatch(/^attempt +1$/m)
})

test('one that failed says why and ends with 1, one that is not there is told so', async () => {
  const environment = await apiWith([failed])
  expect(await runCli(['run', 'show', failed.runId], { environment })).toMatchObject({
    ...{ exitCode: 1, out: expect.stringContaining('failed after 1.3 s: QUERY_REJECTED: cpu: no such function') },
  })
  expect(await runCli(['run', 'show', 'f.missing'], { environment })).toMatchObject({
    ...{ exitCode: 1, err: expect.stringContaining('no record of a run "f.missing"') },
  })
})

test.each([
  { name: 'succeeded', runs: [record], ended: { exitCode: 0, out: `cpu: run ${record.runId} succeeded after 1.3 s` } },
  {
    name: 'failed',
    runs: [failed],
    ended: { exitCode: 1, out: '', err: expect.stringMatching(/^cpu: run .* failed after 1.3 s: QUERY_REJECTED/) },
  },
  {
    name: 'waits for a worker',
    runs: [],
    ended: { exitCode: 1, err: expect.stringMatching(/has not ended yet: see anomaly-times run show f\.default\.cpu/) },
  },
])('mission trigger --wait tells of a run that $name', async ({ runs, ended }) => {
  const environment = await apiWith(runs)
  const args = ['mission', 'trigger', 'cpu', '--wait', '--timeout', '10ms']
  expect(await runCli(args, { environment })).toMatchObject(ended)
})

test('a limit without anything to wait for is a mistake', async () => {
  const { exitCode, err } = await runCli(['mission', 'trigger', 'cpu', '--timeout', '1m'])
  expect({ exitCode, err }).toMatchObject({ exitCode: 2, err: expect.stringContaining('--timeout goes with --wait') })
})

test('a run is awaited through waiting and working to its end', async () => {
  const runs: RunRecord[] = []
  const { AT_API } = await apiWith(runs)
  const ended = awaitRun(apiClient({ api: AT_API }, {}), record.runId, 60_000)
  const { endedMs: _, ...active } = { ...record, state: 'active' as const }
  setTimeout(() => runs.push(active), 100)
  setTimeout(() => runs.splice(0, 1, record), 900)
  expect(await ended).toMatchObject({ state: 'succeeded' })
})
