import type { Deps, SampleBlock, SeriesWriter } from '../deps.ts'
import { type Drawn, type DrawnQuery, drawnInStore } from './drawn-series.ts'

/**
 * A writer that leaves out what the store has already: each series and instant is written once, whoever came first. All
 * that will be written lies at the given steps. It throws a retryable error when the store cannot be read.
 */
export function onlyGaps(
  deps: Pick<Deps, 'reader' | 'writer' | 'signal'>,
  steps: Omit<DrawnQuery, 'payloads'>,
): SeriesWriter {
  const known = new Map<string, Promise<Drawn>>()
  const drawnOf = (metric: string): Promise<Drawn> => {
    const asked = known.get(metric) ?? drawnInStore(deps, metric, steps)
    known.set(metric, asked)
    return asked
  }
  return {
    futureWrites: deps.writer.futureWrites,
    async write(blocks, signal) {
      const lacking = await Promise.all(blocks.map(async (block) => withoutDrawn(block, await drawnOf(block.name))))
      return deps.writer.write(lacking, signal)
    },
  }
}

function withoutDrawn(block: SampleBlock, isDrawn: Drawn): SampleBlock {
  const { series, timestampsMs } = block
  const columns = timestampsMs.length
  const values = block.values.map((value, i) =>
    isDrawn(series[Math.floor(i / columns)]!.id, timestampsMs[i % columns]!) ? Number.NaN : value,
  )
  return { ...block, values }
}
