import { afterAll, expect, test } from 'vitest'
import { forecastBolt } from '../../../../models/chronos/bolt/pipeline.ts'
import type { BoltConfig } from '../../../../models/chronos/checkpoint/config.ts'
import { createInference } from '../../../../models/chronos/inference/inference.ts'
import { openModel } from '../../../../models/chronos/open-model.ts'
import { fixtures } from '../goldens.ts'
import { networkProperties } from '../properties.ts'

const { config, solo, close } = openModel(`${fixtures}/bolt`, createInference({ cores: 1 }))
afterAll(close)
const model = { config: config as BoltConfig, run: solo }

networkProperties((contexts) => forecastBolt(model, { contexts, horizon: 64 }))

test('an aborted forecast ends before the next batch', async () => {
  const reason = new Error('enough')
  const request = { contexts: [Float64Array.of(1, 2)], horizon: 64, signal: AbortSignal.abort(reason) }
  await expect(forecastBolt(model, request)).rejects.toBe(reason)
})
