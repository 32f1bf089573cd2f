import { AppError, toAppError } from '../../models/errors.ts'
import { type MissionName, type PanelSeries, type StepRange, seriesId } from '../../models/series.ts'
import type { Deps, PayloadMeta } from '../deps.ts'
import { outputAtStep } from '../panel/output-selector.ts'
import { readPanel } from '../panel/read-panel.ts'

/** True where a series has a band already, whoever drew it. */
export type Drawn = (id: string, ms: number) => boolean

export interface DrawnQuery {
  readonly mission: MissionName
  readonly stepMs: number
  readonly steps: StepRange
  /** Payloads that may have been published over these steps. */
  readonly payloads: readonly PayloadMeta[]
}

/**
 * What is drawn of a mission's band, from the published payloads and from the store: the cache does not know what was
 * drawn before it was emptied, the store not yet what was written within the last second.
 * @throws a retryable error when the store cannot be read: then nothing may be published.
 */
export async function drawnSeries(
  deps: Pick<Deps, 'cache' | 'reader' | 'signal'>,
  { mission, stepMs, steps, payloads }: DrawnQuery,
): Promise<Drawn> {
  const [stored, ...published] = await Promise.all([
    drawnInStore(deps, 'anomaly_pred', { mission, stepMs, steps }),
    ...payloads.map((payload) => drawnFrom(deps, mission, payload)),
  ])
  return (id, ms) => stored(id, ms) || published.some((drawn) => drawn(id, ms))
}

async function drawnFrom({ cache }: Pick<Deps, 'cache'>, mission: MissionName, payload: PayloadMeta): Promise<Drawn> {
  const { published } = payload
  const series = published && (await cache.series(mission, payload))
  if (!series) return () => false
  return (id, ms) => published.fromMs < ms && ms <= published.untilMs && series.rows.has(id)
}

/** What the store has of one of our metrics. @throws a retryable error when it cannot be read. */
export async function drawnInStore(
  { reader, signal }: Pick<Deps, 'reader' | 'signal'>,
  metric: string,
  { mission, stepMs, steps }: Omit<DrawnQuery, 'payloads'>,
): Promise<Drawn> {
  try {
    const query = { query: outputAtStep(metric, mission), range: steps, stepMs, ownOutputs: true }
    const { series, startMs } = await readPanel({ reader, signal }, query)
    const valuesOf = new Map(series.map((drawn) => [drawnId(drawn), drawn.values]))
    return (id, ms) => Number.isFinite(valuesOf.get(id)?.[(ms - startMs) / stepMs])
  } catch (error) {
    signal.throwIfAborted()
    const { code, message, retryable } = toAppError(error)
    throw new AppError(
      // our own query must never pause a mission
      retryable ? code : 'STORE_UNAVAILABLE',
      `mission ${mission.mission}: nothing is published, because what is drawn already cannot be read: ${message}`,
      { cause: error },
    )
  }
}

function drawnId({ labels: { __name__, ...written } }: PanelSeries): string {
  return seriesId(written)
}
