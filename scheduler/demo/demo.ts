import { resolve } from 'node:path'
import { AppError } from '../../models/errors.ts'
import { apiClient } from '../cli/api-client.ts'
import { findCharts } from '../stack/find-charts.ts'
import { type Stack, type StackOptions, type StackUrls, startStack } from '../stack/stack.ts'
import { backfill, feedLive, newestSampleMs } from './feed.ts'
import { demoSeries } from './generator.ts'
import { demoMissions } from './missions.ts'
import type { Report } from './report.ts'
import { newWatch, type Watch, watchScores } from './watch.ts'

export interface DemoOptions extends Pick<StackOptions, 'redis' | 'store' | 'listen' | 'environment' | 'cliPath'> {
  readonly dir: string
  /** Ends by itself, once the outage is judged. */
  readonly once: boolean
  /** The one to break. */
  readonly service: string
  readonly report: Report
  /** Ends it in order. */
  readonly signal: AbortSignal
}

/** `--once` ends within 150 s; the rest is for stopping. */
const deadlineMs = 138_000
/** A store of others may show samples only after its default latency offset of 30 s. */
const foreignEvalDelay = '35s'

/** The platform on metrics of a shop, in which a service breaks. Returns the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { report, signal } = options
  const dir = resolve(options.dir)
  const startedMs = Date.now()
  const watch = newWatch()
  const feeding = new AbortController()
  let fed: Promise<void> | undefined
  let stack: Stack | undefined
  report.note({ event: 'starting', dir })
  try {
    stack = await startStack({
      ...options,
      // no configuration but the demo's own
      workingDir: dir,
      environment: { ...withoutSettings(options.environment ?? process.env), AT_WORKER_GRACE: '5s' },
      async prepare(urls) {
        const storeUrl = storeOf(urls)
        const afterMs = await fillStore(storeUrl, report)
        fed = feedLive({ storeUrl, series: demoSeries(), afterMs }, () => watch.outage, feeding.signal)
      },
      onEvent: (process) => report.note({ event: 'process', process }),
    })
    return await runOn(stack, watch, { ...options, startedMs })
  } catch (error) {
    if (signal.aborted) return interruptedCode(options)
    throw error
  } finally {
    feeding.abort()
    await fed
    await stack?.stop()
    report.note({ event: 'stopped' })
  }
}

async function runOn(stack: Stack, watch: Watch, options: DemoOptions & { startedMs: number }): Promise<number> {
  const { once, service, report, signal, startedMs } = options
  const { urls, scrapes, machine } = stack
  const missions = demoMissions({ scrapes, machine, evalDelay: scrapes ? '5s' : foreignEvalDelay })
  const api = apiClient({ api: urls.api }, {})
  // the way anybody registers missions
  for (const mission of missions) await api.call({ method: 'PUT', path: `/missions/${mission.id}`, body: mission })
  const charts = await findCharts(urls.store)
  const ready = { urls: { ...urls, ...(charts !== undefined && { charts }) }, missions: missions.length }
  report.note({ event: 'ready', ...ready, tookMs: Date.now() - startedMs })
  await watchScores(watch, {
    storeUrl: storeOf(urls),
    missions,
    service,
    breaking: demoSeries().flatMap(({ labels, breaks }) => (breaks && labels.service === service ? [labels] : [])),
    sinceMs: startedMs,
    once,
    deadlineMs: startedMs + deadlineMs,
    report,
    signal,
  })
  if (signal.aborted) return interruptedCode(options)
  if (!watch.judgement) report.note({ event: 'no_scores', afterMs: Date.now() - startedMs })
  return watch.judgement?.verdict.passed ? 0 : 1
}

/** Without `--once` a Ctrl-C is the way it ends. */
const interruptedCode = ({ once }: DemoOptions) => (once ? 130 : 0)

/** Returns until when the store is filled. */
async function fillStore(storeUrl: string, report: Report): Promise<number> {
  const nowMs = Date.now()
  const fromMs = await newestSampleMs(storeUrl, nowMs)
  const samples = await backfill({ storeUrl, series: demoSeries(), afterMs: fromMs }, nowMs)
  report.note({ event: 'filled', samples, fromMs, tookMs: Date.now() - nowMs })
  return nowMs
}

function storeOf({ store }: StackUrls): string {
  if (store === undefined) throw new AppError('INVALID_CONFIG', 'the demo needs a store of its own, or --store URL')
  return store
}

/** AT_ variables describe another installation than the demo. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AT_')))
}
