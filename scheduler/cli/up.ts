import { parseArgs } from 'node:util'
import { formatDuration } from '../../models/duration.ts'
import { type Config, loadConfig } from '../config.ts'
import type { ProcessEvent } from '../stack/processes.ts'
import { type ServerChoice, type Stack, type StackOptions, startStack } from '../stack/stack.ts'
import { abortOnSignals } from './signals.ts'
import { stackChoices } from './stack-choices.ts'

export const upHelp = `Usage: anomaly-times up [options]

The whole platform on this machine: scheduler and workers, and where none are configured a Redis and a VictoriaMetrics
that scrapes itself and the platform. Ctrl-C stops everything; the data stays.

  --dir DIR      data and logs (default .anomaly-times)
  --port PORT    of the API (default: as configured, 9490)
  --redis URL    use this Redis
  --store URL    use this store
  --config FILE  configuration (default anomaly-times.yaml where there is one)`

export async function up(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      dir: { type: 'string', default: '.anomaly-times' },
      port: { type: 'string' },
      redis: { type: 'string' },
      store: { type: 'string' },
      config: { type: 'string' },
    },
  })
  const config = loadConfig({ file: values.config })
  const startedMs = Date.now()
  const signal = abortOnSignals()
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  let stack: Stack
  try {
    stack = await startStack({
      dir: values.dir,
      ...configured(config),
      ...stackChoices(values),
      ...(values.config === undefined ? {} : { environment: { ...process.env, AT_CONFIG: values.config } }),
      onEvent: (event) => describeEvent(event).forEach(print),
      signal,
    })
  } catch (error) {
    if (signal.aborted) return 0
    throw error
  }
  describeStack(stack, values.dir, Date.now() - startedMs).forEach(print)
  await aborted(signal)
  await stack.stop()
  print(`Stopped. The data stays in ${values.dir}`)
  return 0
}

/** What the operator has set stays; only what is missing is started. */
export function configured(
  config: Pick<Config, 'listen' | 'redis' | 'datasources'>,
): Pick<StackOptions, 'listen' | 'redis' | 'store'> {
  const choice = (isSet: boolean): ServerChoice => (isSet ? 'configured' : 'own')
  return {
    listen: config.listen,
    redis: choice(config.redis !== undefined),
    store: choice(config.datasources.length > 0),
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function describeEvent(event: ProcessEvent): string[] {
  if (event.what === 'ready') return [`${event.name} is ready`]
  if (event.what !== 'died') return []
  return [`${event.name} died (${event.why}) and starts again in ${formatDuration(event.restartInMs)}`]
}

function describeStack({ urls }: Stack, dir: string, tookMs: number): string[] {
  return [
    `Ready after ${(tookMs / 1000).toFixed(1)} s; data and logs are in ${dir}`,
    `  API    ${urls.api}/api/v1/missions`,
    ...(urls.store === undefined ? [] : [`  store  ${urls.store}`]),
    ...(urls.redis === undefined ? [] : [`  Redis  ${urls.redis}`]),
  ]
}
