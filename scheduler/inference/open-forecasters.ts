import { createForecasters, type ForecasterRegistry } from '../../models/registry.ts'
import type { Config } from '../config.ts'
import type { Metrics } from '../process/metrics.ts'
import { inferenceOptions } from './settings.ts'

/** All models of a process, with their counters. */
export function openForecasters(config: Config, metrics: Metrics): ForecasterRegistry {
  const forecasters = createForecasters(undefined, {
    ...inferenceOptions(config.inference),
    metrics: {
      batch(model, seconds, series) {
        metrics.networkSeconds.observe({ model }, seconds)
        metrics.networkSeries.observe({ model }, series)
      },
      copies: (model, count) => metrics.networkCopies.set({ model }, count),
    },
  })
  metrics.beforeScrape(async () => metrics.networkWaiting.set(forecasters.waiting))
  return forecasters
}
