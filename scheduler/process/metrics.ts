import { readFileSync } from 'node:fs'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Every metric of a process; which of them move depends on its role. Never a label per mission or series. */
export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  const declare = declareIn(registry)
  const metrics = {
    ...plannerMetrics(declare),
    ...runMetrics(declare),
    ...storeMetrics(declare),
    ...modelMetrics(declare),
    ...processMetrics(declare),
  }
  metrics.buildInfo.set({ version: packageVersion, node: process.version }, 1)
  collectDefaultMetrics({ register: registry })
  const collectors = new Set<() => Promise<void>>()
  return {
    ...metrics,
    contentType: registry.contentType,
    /** Gauges that are read from elsewhere when somebody scrapes. A collector that fails is counted and skipped. */
    beforeScrape: (collect: () => Promise<void>) => void collectors.add(collect),
    /** The whole exposition. */
    async text(): Promise<string> {
      const outcomes = await Promise.allSettled([...collectors].map((collect) => collect()))
      metrics.scrapeErrors.inc(outcomes.filter(({ status }) => status === 'rejected').length)
      return registry.metrics()
    },
  }
}

const plannerMetrics = ({ counter, gauge, histogram }: Declare) => ({
  ticks: counter('ticks_total', 'Ticks by their final outcome.', ['flow', 'outcome']),
  tickLag: histogram('tick_lag_seconds', 'From T to the decision about it.', ['flow'], slowSeconds),
  schedules: gauge('schedules', 'Schedules by state: finished ones have no due instant left.', ['state']),
  dueOldest: gauge('due_oldest_seconds', 'How long the most overdue schedule has waited for its decision.'),
  plannerLeader: gauge('planner_leader', '1 on the replica that plans, 0 on those that stand by.'),
  exportAge: gauge('state_export_age_seconds', 'Age of the newest export of all missions.'),
})

const runMetrics = ({ counter, gauge, histogram }: Declare) => ({
  runs: counter('runs_total', 'Runs that ended, by result: succeeded, failed, cancelled, lost.', ['flow', 'result']),
  failedAttempts: counter('run_failed_attempts_total', 'Attempts that failed, by error code.', ['flow', 'code']),
  runDuration: histogram('run_duration_seconds', 'Seconds per attempt of a run.', ['flow'], slowSeconds),
  unscored: counter('unscored_steps_total', 'Steps out of reach after an outage, in stores that take no old samples.'),
  scoreLatency: histogram('score_latency_seconds', 'From a step to its score in the store.', [], slowSeconds),
  queueJobs: gauge('queue_jobs', 'Jobs of a pool by state.', ['pool', 'state']),
  limitInUse: gauge('limit_in_use', 'Places of a limit that runs at work hold, on all workers.', ['name']),
  limitSize: gauge('limit_size', 'Places that a limit has.', ['name']),
  queueOldestWait: gauge('queue_oldest_wait_seconds', 'How long the oldest waiting job has waited.', ['pool']),
})

const storeMetrics = ({ counter, gauge, histogram }: Declare) => ({
  datasourceRequests: histogram(
    'datasource_request_seconds',
    'Seconds until a datasource answered, by operation and status (or error code).',
    ['ds', 'op', 'code'],
    fastSeconds,
  ),
  written: counter('rw_samples_total', 'Samples that a datasource acknowledged.', ['ds']),
  dropped: counter('rw_dropped_total', 'Samples that were not written, by reason.', ['ds', 'reason']),
  breakerOpen: gauge('datasource_breaker_open', '1 while requests to a datasource are held back.', ['ds']),
  unreadableDocuments: counter('unreadable_documents_total', 'Stored documents that could not be read.', ['kind']),
  redisErrors: counter('redis_errors_total', 'Connection errors of Redis.', ['target']),
})

const modelMetrics = ({ counter, gauge, histogram }: Declare) => ({
  inference: histogram('inference_seconds', 'Seconds per batch of a model.', ['model'], fastSeconds),
  inferenceSeries: histogram('inference_batch_series', 'Series per batch of a model.', ['model'], batchSizes),
  networkSeconds: histogram(
    'network_batch_seconds',
    'Seconds that a network computed a batch for, waiting left out.',
    ['model'],
    fastSeconds,
  ),
  networkSeries: histogram('network_batch_series', 'Series per batch of a network.', ['model'], batchSizes),
  networkCopies: gauge('network_copies', 'Copies of the weights of a model in memory.', ['model']),
  networkWaiting: gauge('network_waiting_series', 'Series that wait for a network.'),
  fallbacks: counter('fallback_series_total', 'Series that the fall-back forecast, by reason.', ['reason']),
  covariatesMissing: counter('covariates_missing_total', 'Covariates that series were forecast without.'),
  cacheLookups: counter('forecast_cache_lookups_total', 'Looks into the forecast cache.', ['result']),
})

const processMetrics = ({ counter, gauge, histogram }: Declare) => ({
  httpRequests: histogram(
    'http_request_seconds',
    'Seconds per request of the API.',
    ['method', 'route', 'status'],
    fastSeconds,
  ),
  scrapeErrors: counter('scrape_errors_total', 'Gauges that could not be read for a scrape.'),
  buildInfo: gauge('build_info', 'Always 1; version of the program and of Node.', ['version', 'node']),
})

const fastSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const slowSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const batchSizes = [1, 4, 16, 64, 256, 1_024, 4_096]

type Declare = ReturnType<typeof declareIn>

function declareIn(registry: Registry) {
  const options = <L extends string>(name: string, help: string, labelNames: readonly L[]) => ({
    ...{ name: `anomaly_times_${name}`, help, labelNames, registers: [registry] },
  })
  return {
    counter: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      new Counter(options(name, help, labels)),
    gauge: <L extends string>(name: string, help: string, labels: readonly L[] = []) =>
      new Gauge(options(name, help, labels)),
    histogram: <L extends string>(name: string, help: string, labels: readonly L[], buckets: readonly number[]) =>
      new Histogram({ ...options(name, help, labels), buckets: [...buckets] }),
  }
}

export const packageVersion = readVersion()

/** package.json lies two levels up in the sources and three in `dist`. */
function readVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (name === 'anomaly-times') return String(version)
    } catch {
      // the other place
    }
  }
  return 'unknown'
}
