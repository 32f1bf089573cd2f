import { type Labels, seriesId } from '../../models/series.ts'
import type { SampleBlock, SeriesWriter } from '../../tasks/deps.ts'

export interface Synthetic {
  readonly metric: string
  readonly seriesCount: number
  readonly startMs: number
  readonly stepMs: number
  readonly length: number
}

const dayMs = 86_400_000

/** Labels as a cluster has them: few values for most, one of its own for the pod. */
export function labelsOf(metric: string, i: number): Labels {
  return {
    __name__: metric,
    cluster: 'eu-west-1',
    namespace: 'shop',
    job: `service-${i % 40}`,
    instance: `10.${i % 7}.${(i >> 8) % 256}.${i % 256}:9100`,
    pod: `service-${i % 40}-7f9c8d6b5-${i.toString(36)}`,
    method: i % 3 === 0 ? 'POST' : 'GET',
  }
}

/** A daily wave with noise; the same for the same series and instant. */
export function sampleAt(i: number, ms: number): number {
  const wave = Math.sin((2 * Math.PI * (ms % dayMs)) / dayMs + i)
  const hash = Math.imul((i * 2_654_435_761) ^ (ms / 1_000), 0x85ebca6b) >>> 8
  return Math.round((100 + 20 * wave + hash / 0x1000000) * 1_000) / 1_000
}

/** Writes in blocks of about a million samples, which is all that is in memory at a time. */
export async function load(writer: SeriesWriter, synthetic: Synthetic): Promise<void> {
  const { seriesCount, length } = synthetic
  const perBlock = Math.max(1, Math.floor(1_000_000 / length))
  for (let from = 0; from < seriesCount; from += perBlock) {
    await writer.write([blockOf(synthetic, from, Math.min(perBlock, seriesCount - from))])
  }
}

function blockOf({ metric, startMs, stepMs, length }: Synthetic, from: number, count: number): SampleBlock {
  const timestampsMs = Array.from({ length }, (_, t) => startMs + t * stepMs)
  const values = new Float64Array(count * length)
  const series = Array.from({ length: count }, (_, s) => {
    for (let t = 0; t < length; t++) values[s * length + t] = sampleAt(from + s, timestampsMs[t]!)
    const labels = labelsOf(metric, from + s)
    return { id: seriesId(labels), labels }
  })
  return { name: metric, series, timestampsMs, values }
}
