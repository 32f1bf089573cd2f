import { once } from 'node:events'
import { formatDuration } from '../../models/duration.ts'
import { toAppError } from '../../models/errors.ts'
import { type Config, loadConfig } from '../config.ts'
import { findCharts } from '../stack/find-charts.ts'
import type { ProcessEvent } from '../stack/processes.ts'
import { type ServerChoice, type Stack, type StackOptions, startStack } from '../stack/stack.ts'
import { type ApiClient, apiClient } from './api-client.ts'
import { defineCommand } from './command.ts'
import { configOptions } from './config.ts'
import { abortOnSignals } from './signals.ts'
import { readStackOptions, stackOptions } from './stack-options.ts'
import { datasourceLines } from './status.ts'

export const up = defineCommand({
  name: 'up',
  summary: 'Run the whole platform on this machine: scheduler, a worker per pool, and what they need.',
  details:
    'Where no Redis is configured it starts one, and where no datasource is, a VictoriaMetrics that scrapes itself and the\nplatform. Ctrl-C stops everything; the data stays.',
  options: { ...stackOptions, ...configOptions },
  examples: [
    ['anomaly-times up', 'with servers of its own'],
    ['anomaly-times up --store http://vm:8428', 'on the metrics of a store that runs already'],
  ],
  async run({ values }, io) {
    const environment = { ...io.environment, ...(values.config !== undefined && { AT_CONFIG: values.config }) }
    const options = {
      ...configured(loadConfig({ environment })),
      ...readStackOptions('up', values),
      environment,
      onEvent: (event: ProcessEvent) => describeEvent(event).forEach(io.out),
      signal: abortOnSignals(),
    }
    const startedMs = Date.now()
    const stack = await startUnlessAborted(options)
    if (stack) {
      const charts = await findCharts(stack.urls.store)
      describeStack({ urls: stack.urls, charts }, options.dir, Date.now() - startedMs).forEach(io.out)
      const warnings = await storeWarnings(apiClient({ api: stack.urls.api }, environment))
      warnings.forEach(io.err)
      if (!options.signal.aborted) await once(options.signal, 'abort')
      await stack.stop()
    }
    io.out(`Stopped. The data stays in ${options.dir}`)
    return 0
  },
})

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

/** A store that is away or set up badly is no reason not to start, but one to say so. */
export async function storeWarnings(client: ApiClient): Promise<string[]> {
  try {
    const lines = await datasourceLines(client)
    return lines.filter(({ health }) => health !== 'ok').map(({ what, detail }) => `warning: ${what}: ${detail}`)
  } catch (error) {
    return [`warning: stores could not be checked: ${toAppError(error).message}`]
  }
}

async function startUnlessAborted(
  options: StackOptions & { readonly signal: AbortSignal },
): Promise<Stack | undefined> {
  try {
    return await startStack(options)
  } catch (error) {
    if (options.signal.aborted) return undefined
    throw error
  }
}

function describeEvent(event: ProcessEvent): string[] {
  if (event.what === 'ready') return [`${event.name} is ready`]
  if (event.what !== 'died') return []
  return [`${event.name} died (${event.why}) and starts again in ${formatDuration(event.restartInMs)}`]
}

export function describeStack(
  { urls, charts }: Pick<Stack, 'urls'> & { readonly charts: string | undefined },
  dir: string,
  tookMs: number,
): string[] {
  return [
    `Ready after ${(tookMs / 1000).toFixed(1)} s; data and logs are in ${dir}`,
    `  API    ${urls.api}`,
    `  docs   ${urls.api}/docs`,
    ...(urls.store === undefined ? [] : [`  store  ${urls.store}`]),
    ...(charts === undefined ? [] : [`  charts ${charts}`]),
    ...(urls.redis === undefined ? [] : [`  Redis  ${urls.redis}`]),
  ]
}
