import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chronosForecaster } from '../chronos/chronos-forecaster.ts'
import type { Inference } from '../chronos/inference/inference.ts'
import type { Forecaster } from '../forecaster.ts'
import { keepNear } from './keep-near.ts'

/** Our own small Chronos-2, whose weights lie in the repository: no download, univariate only. See its model card. */
export function embeddedForecaster(inference?: Inference): Forecaster {
  const folder = embeddedWeights()
  const network = chronosForecaster({ folder, name: 'chronos-embedded', ...(inference && { inference }) })
  return {
    ...network,
    revision: revisionOf(folder),
    async forecast(request, signal) {
      const forecasts = await network.forecast(request, signal)
      return forecasts.map((forecast, row) => keepNear(forecast, request.contexts[row]!.subarray(-network.maxContext)))
    },
  }
}

/** Folder of the checkpoint. The build copies no weights: from `dist/models/embedded` they lie where the sources are. */
export function embeddedWeights(): string {
  const places = ['./weights/', '../../../models/embedded/weights/']
  const folders = places.map((place) => fileURLToPath(new URL(place, import.meta.url)))
  return folders.find(existsSync) ?? folders[0]!
}

/** The first digits of the sha256 of the weights, as their model card has it. */
function revisionOf(folder: string): string {
  const weights = readFileSync(join(folder, 'model.safetensors'))
  return createHash('sha256').update(weights).digest('hex').slice(0, 12)
}
