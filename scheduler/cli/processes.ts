import { exit } from 'node:process'
import { requireRedis } from '../config/require-redis.ts'
import { type Config, loadConfig } from '../config.ts'
import { type Command, defineCommand, type Io, usageError } from './command.ts'
import { configOptions } from './config.ts'
import { abortOnSignals } from './signals.ts'

const checkOption = { type: 'boolean', help: 'only check the configuration: 0 when it is fine, else 1' } as const
const leaveAfterMs = 500
const signals =
  'SIGTERM or SIGINT lets what is under way end (worker.grace) and then stops; a second signal ends it at once.'

export const scheduler: Command = defineCommand({
  name: 'scheduler',
  summary: 'Run API and planner. Several replicas may run; one plans at a time.',
  details: `Needs redis.url and a datasource (anomaly-times.yaml, or AT_REDIS_URL and AT_DATASOURCES).\n${signals}`,
  options: { ...configOptions, 'check-config': checkOption },
  examples: [
    [
      "AT_REDIS_URL=redis://redis:6379 AT_DATASOURCES='[{name: main, readUrl: http://vm:8428}]' anomaly-times scheduler",
      'without a file',
    ],
  ],
  async run({ values }, io) {
    const sources = { file: values.config, environment: io.environment }
    if (values['check-config']) {
      const { machineFindings } = await import('../config/machine-checks.ts')
      return fine(loadConfig({ ...sources, alsoCheck: machineFindings }), io)
    }
    const config = loadConfig(sources)
    const { runScheduler } = await import('../main.ts')
    return ended(runScheduler(config, abortOnSignals()))
  },
})

export const worker: Command = defineCommand({
  name: 'worker',
  summary: 'Run a worker of one pool. Start as many as the load needs.',
  details: `Only forecast workers load models; detect workers stay light.\n${signals}`,
  options: {
    pool: { type: 'string', value: 'forecast|detect', help: 'whose runs to take (required)' },
    ...configOptions,
    'check-config': checkOption,
  },
  examples: [['AT_WORKER__CONCURRENCY__DETECT=16 anomaly-times worker --pool detect', 'sixteen runs at a time']],
  async run({ values }, io) {
    const { pool } = values
    if (pool !== 'forecast' && pool !== 'detect')
      throw usageError('worker', 'say which pool: --pool forecast or --pool detect')
    const config = loadConfig({ file: values.config, environment: io.environment })
    if (values['check-config']) return fine(config, io)
    const { runWorker } = await import('../main.ts')
    return ended(runWorker(config, pool, abortOnSignals()))
  },
})

/** What could not be closed, or waits for a Redis that is away, must not keep the process. */
async function ended(running: Promise<void>): Promise<number> {
  try {
    await running
    return 0
  } finally {
    setTimeout(() => exit(), leaveAfterMs).unref()
  }
}

function fine(config: Config, io: Io): number {
  requireRedis(config)
  io.out('the configuration is fine')
  return 0
}
