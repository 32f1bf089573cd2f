import { runDemo } from '../demo/demo.ts'
import { serviceNames } from '../demo/generator.ts'
import { jsonReport, textReport } from '../demo/report.ts'
import { openScreen } from '../demo/screen.ts'
import { defineCommand, usageError } from './command.ts'
import { abortOnSignals } from './signals.ts'
import { readStackOptions, stackOptions } from './stack-options.ts'

const [firstService] = serviceNames

export const demo = defineCommand({
  name: 'demo',
  summary: 'Show it at work: a shop whose metrics are watched, and one service that breaks.',
  details:
    'Starts Redis, VictoriaMetrics, scheduler and workers, makes metrics of a shop (8 days of past, then live), registers\nmissions for them, breaks one service, and shows how its scores rise. Ctrl-C stops everything; the data stays, and\nthe next start goes on from it.',
  options: {
    once: {
      type: 'boolean',
      help: 'end by itself, within 150 s; 0: every broken series scored above 1, and 95 % of the rest did not',
    },
    break: { type: 'string', value: 'SERVICE', help: `${serviceNames.join(', ')}; default ${firstService}` },
    ...stackOptions,
    json: { type: 'boolean', help: 'what happens as one JSON object per line' },
  },
  examples: [
    ['anomaly-times demo', 'watch it until Ctrl-C'],
    ['anomaly-times demo --once --json', 'for scripts: the exit code says whether the outage was found'],
  ],
  async run({ values }, io) {
    const service = serviceNames.find((name) => name === (values.break ?? firstService))
    if (!service) throw usageError('demo', `--break ${values.break}: use one of ${serviceNames.join(', ')}`)
    return runDemo({
      ...readStackOptions('demo', values),
      once: values.once,
      service,
      report: values.json ? jsonReport(io.out) : textReport(openScreen(process.stdout, io.environment)),
      environment: io.environment,
      signal: abortOnSignals(),
    })
  },
})
