import { expect, test } from 'vitest'
import { createForecasters } from '../../../models/registry.ts'
import { openCatalog } from '../../../scheduler/model-store/model-catalog.ts'
import { storedForecasters } from '../../../scheduler/model-store/stored-forecasters.ts'
import { forecastPanel } from '../../../tasks/publish/forecast-panel.ts'
import { fakeDeps } from '../../fakes/fake-deps.ts'
import { storeStage, tinyModel } from './store-stage.ts'

const request = {
  contexts: [Float64Array.from({ length: 600 }, (_, i) => 10 + Math.sin(i / 8))],
  ...{ endMs: 0, stepMs: 60_000, horizon: 4, levels: [0.1, 0.5, 0.9] },
  ...{ model: 'chronos-bolt-tiny', fallback: 'seasonal-naive' },
}

test('a model forecasts by its name from when it is pulled; before that its fall-back does, and says why', async () => {
  await using stage = await storeStage()
  const registry = createForecasters()
  const catalog = openCatalog({ dir: stage.dir, allowed: undefined, folders: [], builtIn: registry.names })
  const deps = { ...fakeDeps(), forecasters: storedForecasters(registry, catalog) }
  try {
    const before = await forecastPanel(deps, request)
    expect(before).toMatchObject({ model: 'seasonal-naive', fallback: 'fallback:MODEL_MISSING' })
    await stage.pull()
    const after = await forecastPanel(deps, request)
    expect(after).toMatchObject({ model: 'chronos-bolt-tiny', fallback: undefined })
    expect(after.forecasts[0]?.median.every(Number.isFinite)).toBe(true)
    expect(deps.forecasters.get(request.model)).toMatchObject({ name: request.model, revision: tinyModel.commit })
    const byPath = await forecastPanel(deps, { ...request, model: '/etc' })
    expect(byPath.fallback).toBe('fallback:MODEL_FORBIDDEN')
  } finally {
    await registry.close()
  }
})
