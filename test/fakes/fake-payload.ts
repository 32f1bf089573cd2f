import { type Labels, type MissionName, seriesId, writtenLabels } from '../../models/series.ts'
import type { Payload, PayloadMeta } from '../../tasks/deps.ts'

export const minute = 60_000
export const hour = 60 * minute
const stepMs = 5 * minute
const leadMs = 10 * minute

export interface PayloadFields extends Partial<PayloadMeta> {
  readonly mission?: MissionName
  readonly series?: readonly Labels[]
  /** Half the width of the band is 1. */
  readonly pred?: (series: number, ms: number) => number
  readonly skipped?: Payload['skipped']
}

/** Hourly runs on a grid of 5 minutes that own (T + 10 m, T + 70 m]; 64 steps from T on. */
export function fakePayload(nominalMs: number, fields: PayloadFields = {}): Payload {
  const { mission = { tenant: 'default', mission: 'm' }, series = [], pred = () => 10, skipped = [], ...rest } = fields
  const meta = { ...fakeMeta(nominalMs, rest), seriesCount: series.length }
  const rows = (add: number) => (ms: number) => Float32Array.from(series, (_, s) => pred(s, ms) + add)
  const atSteps = Array.from({ length: meta.horizon }, (_, h) => meta.startMs + h * meta.stepMs)
  return {
    meta,
    series: series.map((labels) => {
      const written = writtenLabels(labels, mission)
      return { id: seriesId(written), labels: written }
    }),
    steps: atSteps.map((ms) => ({ pred: rows(0)(ms), lower: rows(-1)(ms), upper: rows(1)(ms) })),
    skipped,
  }
}

export function fakeMeta(nominalMs: number, fields: Partial<PayloadMeta> = {}): PayloadMeta {
  const { bandKey = 'k1', kind = 'run' } = fields
  const untilMs = Math.floor(nominalMs / hour) * hour + hour + leadMs
  const owned = { fromMs: kind === 'run' ? nominalMs + leadMs : nominalMs, untilMs }
  return {
    ...{ bandKey, scopeKey: 's1', nominalMs, kind, nonce: `${kind}-${bandKey}-${nominalMs / minute}` },
    ...{ startMs: nominalMs, stepMs, horizon: 64, seriesCount: 1, owned, published: owned, model: 'flat' },
    ...fields,
  }
}

/** Owners of the first two days. */
export const fakeOwners = Array.from({ length: 48 }, (_, h) => ({
  nominalMs: h * hour,
  owned: { fromMs: h * hour + leadMs, untilMs: (h + 1) * hour + leadMs },
}))
