import { expect, test } from 'vitest'
import { createLogger, runLogger } from '../../../scheduler/process/log.ts'

function linesOf(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = []
  write(createLogger({ level: 'info', role: 'detect', destination: { write: (line: string) => lines.push(line) } }))
  return lines.map((line) => JSON.parse(line))
}

test('a run logs its id, mission and T', () => {
  const run = {
    runId: 'r.default.cpu.detect.60000',
    flow: 'detect',
    tenant: 'default',
    mission: 'cpu',
    nominalMs: 60_000,
  }
  const [line] = linesOf((logger) => runLogger(logger, run).info({ scored: 4 }, 'run succeeded'))
  expect(line).toMatchObject({
    ...{ level: 'info', role: 'detect', runId: run.runId, mission: 'cpu', nominal: '1970-01-01T00:01:00.000Z' },
    ...{ scored: 4, msg: 'run succeeded' },
  })
})

test('secrets are not logged and debug is off', () => {
  const lines = linesOf((logger) => {
    logger.debug('hidden')
    logger.info({ redis: { password: 'secret' } })
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ redis: { password: '<redacted>' } })
})
