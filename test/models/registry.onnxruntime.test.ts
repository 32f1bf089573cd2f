import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { createForecasters } from '../../models/registry.ts'
import { runProcess } from '../../scheduler/process/open-process.ts'
import { fixtures } from './chronos/goldens.ts'

/** Native libraries of this process, of all its threads. */
function loadedLibraries(): string[] {
  Object.assign(process.report, { excludeNetwork: true })
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] }
  return sharedObjects.filter((path) => path.includes('onnxruntime'))
}

function loadedModules(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('onnxruntime'))
}

test('onnxruntime is loaded by the first Chronos forecast alone, in a thread of its own', async () => {
  // all that a scheduler or a worker of any pool imports
  expect(runProcess).toBeTypeOf('function')
  const forecasters = createForecasters()
  const forecaster = forecasters.get(`${fixtures}/chronos2`)
  const contexts = [Float64Array.from({ length: 100 }, (_, i) => Math.sin(i / 4))]
  const request = { contexts, endMs: 0, stepMs: 60_000, horizon: 3, levels: [0.5] }
  await forecasters.get('seasonal-naive').forecast(request)
  expect(loadedLibraries()).toEqual([])

  await forecaster.forecast(request)
  expect(loadedLibraries()).not.toEqual([])
  expect(loadedModules()).toEqual([])
  await forecasters.close()
})
