import { expect, test } from 'vitest'
import { runCli } from '../../fakes/fake-io.ts'

test('--check checks schedules without an API, and names every field', async () => {
  const stdin =
    '{id: probe, flow: noop, spec: {every: 1m}}\n---\n{id: other, flow: noop, spec: {every: 1m, cron: "* * * * *"}, polcy: {}}'
  const { exitCode, out } = await runCli(['schedule', 'apply', '--check', '-f', '-'], { stdin })
  expect(exitCode).toBe(1)
  expect(out).toMatch(/valid +probe +stdin:1/)
  expect(out).toMatch(/failed +other .*give one of every, cron and at/)
  expect(out).toMatch(/polcy.*did you mean "policy"/)
})
