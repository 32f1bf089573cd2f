import type { DetectResult, ForecastResult } from '../../flows/contexts.ts'
import { AppError } from '../../models/errors.ts'
import type { Config } from '../config.ts'
import type { MissionDocument } from '../missions/document.ts'
import type { FlowName } from '../runs.ts'

export interface RunOnceRequest {
  /** Needs a datasource; without Redis the forecast is kept in memory. */
  readonly config: Config
  readonly document: MissionDocument
  readonly flow: FlowName
  /** T; default: the one in force. */
  readonly atMs?: number
  /** Writes nothing, keeps nothing. */
  readonly dryRun: boolean
  readonly signal: AbortSignal
}

export type RunOnceResult =
  | { readonly flow: 'forecast'; readonly nominalMs: number; readonly result: ForecastResult }
  | { readonly flow: 'detect'; readonly nominalMs: number; readonly result: DetectResult }

/** One run in this process, without a scheduler. */
export async function runOnce(_request: RunOnceRequest): Promise<RunOnceResult> {
  throw new AppError('UNSUPPORTED', 'single runs are not wired up yet')
}
