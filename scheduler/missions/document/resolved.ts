import type { DetectParams, ForecastParams } from '../../../flows/params.ts'
import type { Datasource } from '../../../tasks/prometheus/datasource.ts'
import type { SchedulePolicy, ScheduleSpec } from '../../planning/types.ts'

export type MissionDatasource = Pick<Datasource, 'name' | 'kind' | 'evalDelayMs' | 'maxSeries' | 'futureWrites'>

/** What the operator configured. */
export interface MissionSettings {
  /** The default one without a name; undefined when this tenant has none of that name. */
  datasource(tenant: string, name: string | undefined): MissionDatasource | undefined
  /** For missions that do not say. */
  readonly defaults: { readonly model: string; readonly fallback: string; readonly maxSeries: number }
  /** Forecasters that workers have. */
  readonly models: readonly string[]
  /** Why a mission cannot name this model; undefined when it can. Default: it can if it is one of `models`, or a path. */
  readonly modelProblem?: (name: string) => string | undefined
  /** What its author should know of a model that can be named. */
  readonly modelWarning?: (name: string) => string | undefined
  /** Whether a model looks at covariates and groups; undefined when nobody here knows. */
  readonly takesCovariates?: (name: string) => boolean | undefined
}

/** A mission with nothing left to find out: what its runs and schedules are made from. */
export interface ResolvedMission {
  readonly datasource: string
  readonly forecastParams: ForecastParams
  readonly detectParams: DetectParams
  readonly forecastSpec: ScheduleSpec
  readonly detectSpec: ScheduleSpec
  readonly forecastPolicy: SchedulePolicy
  readonly detectPolicy: SchedulePolicy
  /** Longest distance of two forecasts. */
  readonly gapMs: number
  readonly maxExtendMs: number
}

/** Names what is wrong where: JSON pointer into the document, and words for its author. */
export interface Problem {
  readonly pointer: string
  readonly detail: string
}
