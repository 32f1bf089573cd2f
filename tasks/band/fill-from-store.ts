import type { MissionName } from '../../models/series.ts'
import type { Deps } from '../deps.ts'
import { readDrawnBand } from '../publish/read-drawn-band.ts'
import type { BandStep } from './fetch-band.ts'

export interface StepsToFill {
  readonly steps: readonly BandStep[]
  /** Grid of the forecast. */
  readonly stepMs: number
}

/** Gives the steps that no payload reaches the band that is drawn in the store. */
export async function fillFromStore(
  deps: Pick<Deps, 'reader' | 'signal'>,
  mission: MissionName,
  { steps, stepMs }: StepsToFill,
): Promise<readonly BandStep[]> {
  const bare = steps.filter(({ low }) => low.length === 0)
  const gridMs = [...new Set(bare.flatMap(({ lowMs, highMs }) => [lowMs, highMs]))].sort((a, b) => a - b)
  const drawn = await readDrawnBand(deps, { mission, gridMs, stepMs })
  if (!drawn) return steps
  return steps.map((step) => {
    const isDrawn = step.low.length === 0 && drawn.bands.has(step.lowMs) && drawn.bands.has(step.highMs)
    return isDrawn ? { ...step, low: [drawn], high: [drawn] } : step
  })
}
