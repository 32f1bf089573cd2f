import { AppError } from '../models/errors.ts'
import type { Config } from './config.ts'
import type { FlowName } from './runs.ts'

/** API and planner of one replica. Resolves once everything is closed, after `signal` was aborted. */
export async function runScheduler(_config: Config, _signal: AbortSignal): Promise<void> {
  throw new AppError('UNSUPPORTED', 'the scheduler is not wired up yet')
}

/** A worker of one pool. Resolves once its runs have ended or were handed back, after `signal` was aborted. */
export async function runWorker(_config: Config, _pool: FlowName, _signal: AbortSignal): Promise<void> {
  throw new AppError('UNSUPPORTED', 'the worker is not wired up yet')
}
