import { stringify } from 'yaml'
import { redact } from '../config/redact.ts'
import { loadConfig } from '../config.ts'
import { defineCommand } from './command.ts'

/** Option of every command that reads the configuration. */
export const configOptions = {
  config: {
    type: 'string',
    value: 'FILE',
    help: 'configuration; default AT_CONFIG, else anomaly-times.yaml where there is one',
  },
} as const

export const configCheck = defineCommand({
  name: 'config check',
  summary: 'Check the configuration and show what is in force.',
  details:
    'The file is overridden by AT_ variables: AT_REDIS__URL is redis.url (two underscores go one level down),\nAT_DATASOURCES__0__READ_URL the readUrl of the first datasource, ..._FILE reads the value from a file. Secrets are\nnot shown. Default models and folders that this machine lacks are problems here, though processes start\nwithout. The exit code is 1 when there is a problem; all problems are printed at once.',
  options: { ...configOptions, json: { type: 'boolean', help: 'JSON in place of YAML' } },
  examples: [['AT_REDIS_URL=redis://redis:6379 anomaly-times config check', 'file and environment together']],
  async run({ values }, io) {
    const { machineFindings } = await import('../config/machine-checks.ts')
    const sources = { file: values.config, environment: io.environment, alsoCheck: machineFindings }
    const config = redact(loadConfig(sources))
    io.out(values.json ? JSON.stringify(config, undefined, 2) : stringify(config).trimEnd())
    return 0
  },
})
