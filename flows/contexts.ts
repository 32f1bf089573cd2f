import type { Labels, MissionName, StepRange } from '../models/series.ts'
import type { CovariateUse } from '../tasks/covariates/covariate-tally.ts'
import type { Window } from '../tasks/covariates/windows.ts'
import type { PayloadMeta, SeriesPart } from '../tasks/deps.ts'
import { type SeriesState, seriesStates } from '../tasks/score/derive-state.ts'
import type { ScoredRow } from '../tasks/score/judge-panel.ts'
import type { KeptPart } from '../tasks/shards/join-parts.ts'

/** What was decided for a forecast run before it began. */
export interface ForecastContext {
  /** T. */
  readonly nominalMs: number
  readonly kind: 'run' | 'join'
  /** The steps this run publishes, and no others. */
  readonly owned: StepRange
  /** Differs from one computation to the next, retries included; begins with `<runId>.` where there is a run id. */
  readonly runNonce: string
  /** Tells a retry of a trigger which payload it made itself, so that it does not compute it twice. */
  readonly runId?: string
  /** Join: forecast these series only. */
  readonly onlyIds?: readonly string[]
  /** Stretches whose values are not to be learnt: they are gaps of the context. */
  readonly masked?: readonly Window[]
  /** A shard: forecasts this part of the panel and keeps it under a name of its own, where only the join looks for it. */
  readonly shard?: { readonly part: SeriesPart; readonly keptAs: MissionName }
  /** What shards have kept becomes the payload: nothing is read or forecast. */
  readonly parts?: readonly KeptPart[]
  /** Compute again though the payload is kept (a trigger). */
  readonly recompute?: boolean
  /** The bandKey is no longer the mission's: only finish publishing a payload that is kept, compute nothing. */
  readonly publishOnly?: boolean
  /** `none` keeps nothing and writes nothing (dry run); `keep` keeps without publishing. Default `publish`. */
  readonly effect?: 'publish' | 'keep' | 'none'
}

export interface SkippedSeries {
  readonly labels: Labels
  readonly reason: string
}

export interface ForecastResult {
  /** Series that the query returned; 0 when nothing was read because the payload is kept already. */
  readonly read: number
  /** Series that were forecast by this call. */
  readonly forecast: number
  readonly skipped: readonly SkippedSeries[]
  /** Why the fall-back forecast instead of the mission's model. */
  readonly fallback?: string
  /** What the model said. */
  readonly fallbackDetail?: string
  /** Which covariates there were for how many series; absent without any, and when nothing was forecast. */
  readonly covariates?: CovariateUse
  readonly payload: PayloadMeta | undefined
  readonly publishedSteps: StepRange | undefined
  readonly samplesWritten: number
  readonly samplesDropped: number
  /** Seconds by stage: read, covariates, forecast, keep, write; of those that the run had. */
  readonly seconds: Readonly<Record<string, number>>
}

export interface DetectContext {
  readonly nominalMs: number
  readonly window: StepRange
  /** Owners of every grid step that the window needs, oldest first. */
  readonly owners: readonly { readonly nominalMs: number; readonly owned: StepRange }[]
  /** Payloads that may be used, newest T first; fixed at the first attempt. */
  readonly payloads: readonly PayloadMeta[]
  /** Read the band that is already in the store where no payload serves (a cold cache). */
  readonly storeFallback: boolean
  /** T's of owners without a payload whose forecast was still to come: their steps are not passed over. */
  readonly awaited?: readonly number[]
  readonly effect?: 'publish' | 'none'
}

export { type ScoredRow, type SeriesState, seriesStates }

export interface DetectResult {
  readonly read: number
  /** Samples of `anomaly_score`; written ones, unless the effect is `none`. */
  readonly scored: number
  readonly states: Readonly<Record<SeriesState, number>>
  /** Highest score at the last step of the window; NaN when nothing was scored. */
  readonly missionScore: number
  /** Series with a score above 1 at the last step of the window. */
  readonly anomalous: number
  /** The series with the highest scores and those in a bad state, at most `maxRows`; all of them for a dry run. */
  readonly rows: readonly ScoredRow[]
  /** Age of the newest payload used: last scored step minus its T. NaN when none was. */
  readonly forecastAgeMs: number
  /** T's of owners whose payload is missing or unpublished: the worker enqueues them, once in 5 minutes per mission. */
  readonly requests: readonly number[]
  /** Series that the owner's payload is complete without: candidates for a join. */
  readonly newSeries: readonly { readonly id: string; readonly labels: Labels }[]
  /** No payload and no band in the store reached the window, or its first step is awaited: the mark may wait. */
  readonly noBand: boolean
  readonly samplesDropped: number
  /** Series whose samples the store refuses for good. */
  readonly rejected?: readonly SkippedSeries[]
  readonly seconds: Readonly<Record<string, number>>
}
