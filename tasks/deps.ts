import type { Forecaster } from '../models/forecaster.ts'
import type { Labels, MissionName, Panel, SeriesIdentity, StepRange } from '../models/series.ts'

// ---- store

/** A part of a panel. The parts of one plan share no series and leave none out, also none that came after the plan. */
export type SeriesPart =
  /** Series with one of these values of a label; `isRest`: those with none of them, or without the label. */
  | { readonly label: string; readonly values: readonly string[]; readonly isRest?: boolean }
  /** Number `hash` of `of` by the hash of the labels, or of those in `by` alone. */
  | { readonly hash: number; readonly of: number; readonly by?: readonly string[] }

export interface RangeQuery {
  readonly query: string
  /** First and last grid instant, both included; multiples of `stepMs`. */
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  /** More series than this is TOO_MANY_SERIES. */
  readonly maxSeries?: number
  /** Only these series come back. */
  readonly part?: SeriesPart
  /** Our own outputs are excluded from the query unless this is set. */
  readonly allowOutputs?: boolean
  /** A query of ours that names outputs of one mission and no others: tenants' matchers are not added. */
  readonly ownOutputs?: boolean
}

/** Reads panels from one datasource. */
export interface SeriesReader {
  /** Stale markers, NaN and +-Inf come back as NaN. Series without any finite value may be missing. */
  queryRange(query: RangeQuery, signal?: AbortSignal): Promise<Panel>
}

/**
 * Samples of one metric for many series at common timestamps: `values[s * timestampsMs.length + t]`, NaN = no sample.
 * The metric name becomes `__name__`.
 */
export interface SampleBlock {
  readonly name: string
  readonly series: readonly SeriesIdentity[]
  /** Ascending. */
  readonly timestampsMs: readonly number[]
  readonly values: Float64Array
  /** Write Prometheus stale markers at every timestamp in place of `values`. */
  readonly stale?: boolean
}

export interface WriteReport {
  /** Samples the store acknowledged. */
  readonly written: number
  /** Samples it already had or can no longer take (duplicate, out of order), dropped and counted. */
  readonly dropped: number
  /** Samples of series that the store refuses for good, by reason. */
  readonly rejected: readonly { readonly labels: Labels; readonly reason: string }[]
  /** Samples further ahead than the store takes (VictoriaMetrics: 2 d), not sent. */
  readonly clamped?: number
}

/** Writes samples to one datasource; resolves only when everything was acknowledged or counted as dropped. */
export interface SeriesWriter {
  /** True when the target takes samples ahead of now (only a confirmed VictoriaMetrics). */
  readonly futureWrites: boolean
  write(blocks: readonly SampleBlock[], signal?: AbortSignal): Promise<WriteReport>
}

// ---- forecast cache

/** One kept forecast: a tick's whole horizon, or a join's. */
export interface PayloadRef {
  readonly bandKey: string
  /** T of the run that made it. */
  readonly nominalMs: number
  readonly kind: 'run' | 'join'
  /** Differs between two computations of the same T (a trigger, a flush): tells equal bytes from new ones. */
  readonly nonce: string
}

export interface PayloadMeta extends PayloadRef {
  /** Hash of query, datasource and step: payloads of another scope describe other series. */
  readonly scopeKey: string
  /** Instant of the first forecast step. */
  readonly startMs: number
  readonly stepMs: number
  readonly horizon: number
  readonly seriesCount: number
  /** Steps this payload was drawn for; undefined until published. */
  readonly published?: StepRange
  /** Steps its run owns. */
  readonly owned: StepRange
  readonly model: string
  /** Last step + gap: the payload expires then, never within an hour. Default: last step + 1 h. */
  readonly keepUntilMs?: number
}

/** Band of every series of a payload at one step; row i belongs to `PayloadSeries.ids[i]`. NaN = no forecast. */
export interface BandRows {
  readonly pred: Float32Array
  readonly lower: Float32Array
  readonly upper: Float32Array
}

export interface PayloadSeries {
  readonly ids: readonly string[]
  /** Row of an id. */
  readonly rows: ReadonlyMap<string, number>
}

/** Why a forecast left a series out. */
export interface Skip {
  readonly reason: string
  /** Finite values that it found, where those were too few. */
  readonly points?: number
}

/** What the forecast flow hands over to be kept: step-major band rows, `steps[h]` is at `startMs + h * stepMs`. */
export interface Payload {
  readonly meta: PayloadMeta
  readonly series: readonly SeriesIdentity[]
  readonly steps: readonly BandRows[]
  /** Series that were read but not forecast, with the reason: they are complete, a join must not ask again. */
  readonly skipped: readonly (Skip & { readonly id: string })[]
  /** `Forecast.record` by row, of models that leave some. */
  readonly records?: SeriesRecords
}

export type SeriesRecords = readonly (Uint8Array | undefined)[]

/** Redis: forecast horizons by mission, bandKey and T, stored by step. */
export interface ForecastCache {
  /** Atomic: a payload is there as a whole or not at all. Replaces one of the same bandKey, T and kind. */
  keep(mission: MissionName, payload: Payload): Promise<void>
  /** All live payloads of a mission, newest T first. */
  list(mission: MissionName): Promise<PayloadMeta[]>
  /** undefined when the payload is gone. */
  series(mission: MissionName, ref: PayloadRef): Promise<PayloadSeries | undefined>
  /** Written labels by row, for bands that are drawn without a value. */
  identities(mission: MissionName, ref: PayloadRef): Promise<readonly SeriesIdentity[] | undefined>
  skipped(mission: MissionName, ref: PayloadRef): Promise<ReadonlyMap<string, Skip>>
  /** By row; undefined where the model left none. */
  records(mission: MissionName, ref: PayloadRef): Promise<SeriesRecords | undefined>
  /** Rows at the given instants (on the payload's grid); instants outside the horizon are missing from the map. */
  bands(mission: MissionName, ref: PayloadRef, stepsMs: readonly number[]): Promise<ReadonlyMap<number, BandRows>>
  markPublished(mission: MissionName, ref: PayloadRef, steps: StepRange): Promise<void>
  /** Nobody will ask for it any more: it goes in five minutes, so that whoever reads it now can end. */
  retire(mission: MissionName, ref: PayloadRef): Promise<void>
  drop(mission: MissionName): Promise<void>
}

// ---- marks

export interface PublishClaim {
  readonly mission: MissionName
  readonly ref: PayloadRef
  /** Steps the run owns. */
  readonly owned: StepRange
}

export interface PublishGrant {
  /** Steps to send for every series of the payload; empty when fromMs >= untilMs. */
  readonly steps: StepRange
  /** Owned steps at or before the mark: only series that were not drawn there may be sent for them. */
  readonly undrawnOnly: StepRange | undefined
}

/** Moves `publishedFrom`/`publishedUntil` before the first byte goes out. Implemented over Redis. */
export interface PublishMarks {
  claim(claim: PublishClaim): Promise<PublishGrant>
}

// ---- everything a flow may ask for

export interface Forecasters {
  /** @throws MODEL_UNKNOWN naming the model and what there is. */
  get(name: string): Forecaster
  readonly names: readonly string[]
}

/** Counters that tasks raise; declared in scheduler/metrics.ts. */
export interface TaskMetrics {
  fallbackUsed(reason: string, seriesCount: number): void
  inference(model: string, seconds: number, seriesCount: number): void
  cacheLookup(hit: boolean): void
  /** Series that were forecast without a covariate since there was none for them, counted for each that they lack. */
  covariatesMissing(count: number): void
}

export interface Deps {
  readonly reader: SeriesReader
  readonly writer: SeriesWriter
  readonly cache: ForecastCache
  readonly marks: PublishMarks
  readonly forecasters: Forecasters
  readonly metrics: TaskMetrics
  readonly signal: AbortSignal
}
