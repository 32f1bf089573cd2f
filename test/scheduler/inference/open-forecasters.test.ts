import { expect, test } from 'vitest'
import { configSchema } from '../../../scheduler/config/schema.ts'
import { openForecasters } from '../../../scheduler/inference/open-forecasters.ts'
import { createMetrics } from '../../../scheduler/process/metrics.ts'
import { fixtures } from '../../models/chronos/goldens.ts'

test('batches, copies and what waits are counted', async () => {
  const metrics = createMetrics()
  const forecasters = openForecasters(configSchema.parse({ inference: { threads: 1 } }), metrics)
  const model = `${fixtures}/chronos2`
  const contexts = [1, 2].map((seed) => Float64Array.from({ length: 100 }, (_, i) => Math.sin(i / seed)))
  await forecasters.get(model).forecast({ contexts, endMs: 0, stepMs: 1_000, horizon: 3, levels: [0.5] })
  const text = await metrics.text()
  expect(text).toContain(`anomaly_times_network_batch_series_sum{model="${model}"} 2`)
  expect(text).toContain(`anomaly_times_network_batch_seconds_count{model="${model}"} 1`)
  expect(text).toContain(`anomaly_times_network_copies{model="${model}"} 1`)
  expect(text).toContain('anomaly_times_network_waiting_series 0')
  await forecasters.close()
})
