import { parseArgs } from 'node:util'
import { AppError } from '../../models/errors.ts'
import { runDemo } from '../demo/demo.ts'
import { serviceNames } from '../demo/generator.ts'
import { jsonReport, textReport } from '../demo/report.ts'
import { openScreen } from '../demo/screen.ts'
import { abortOnSignals } from './signals.ts'
import { stackChoices } from './stack-choices.ts'

export const demoHelp = `Usage: anomaly-times demo [options]

Starts Redis, VictoriaMetrics, the scheduler and the workers, feeds them with the metrics of a shop (8 days of past,
then live), registers missions for them, breaks one service, and shows how its scores rise. Ctrl-C stops everything;
the data stays, and the next start goes on from it.

  --once           end once the outage is judged, within 150 s. Exit code 0: every broken series scored above 1 and
                   at least 95 % of all other scored points stayed at or below 1
  --break SERVICE  which one: ${serviceNames.join(', ')} (default ${serviceNames[0]})
  --dir DIR        data and logs (default .anomaly-times)
  --port PORT      of the API (default: a free one)
  --redis URL      use this Redis in place of one of its own
  --store URL      use this VictoriaMetrics in place of one of its own
  --json           one JSON object per line in place of the table`

export async function demo(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      break: { type: 'string', default: serviceNames[0] },
      dir: { type: 'string', default: '.anomaly-times' },
      port: { type: 'string' },
      redis: { type: 'string' },
      store: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const service = serviceNames.find((name) => name === values.break)
  if (!service) throw new AppError('INVALID_PARAMS', `--break ${values.break}: use one of ${serviceNames.join(', ')}`)
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  return runDemo({
    dir: values.dir,
    once: values.once,
    service,
    report: values.json ? jsonReport(print) : textReport(openScreen(process.stdout, process.env)),
    signal: abortOnSignals(),
    ...stackChoices(values),
  })
}
