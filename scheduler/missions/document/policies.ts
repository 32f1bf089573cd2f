import { parseDuration } from '../../../models/duration.ts'
import type { SchedulePolicy } from '../../planning/types.ts'
import type { FlowName } from '../../queue/runs.ts'
import type { MissionDocument } from './document.ts'

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

type DocumentPolicy = NonNullable<NonNullable<MissionDocument['forecast']>['policy']>

/** What a schedule does with overlaps, missed ticks and failures. `everyMs`: shortest distance of two T's. */
export function schedulePolicy(flow: FlowName, everyMs: number, written: DocumentPolicy = {}): SchedulePolicy {
  const base = flow === 'detect' ? detectPolicy(everyMs) : forecastPolicy(everyMs)
  const { overlap = base.overlap, catchUp = base.catchUp, maxAttempts = base.maxAttempts } = written
  return {
    ...base,
    overlap,
    // one detect run scores everything that was missed, so more of them have nothing to do
    catchUp: flow === 'detect' && catchUp === 'all' ? 'latest' : catchUp,
    maxAttempts,
    catchUpWindowMs: durationOr(written.catchUpWindow, base.catchUpWindowMs),
    startDeadlineMs: durationOr(written.startDeadline, base.startDeadlineMs),
    timeoutMs: durationOr(written.timeout, base.timeoutMs),
  }
}

/** The next tick's window takes over what a failed run leaves, so few and quick attempts are enough. */
function detectPolicy(everyMs: number): SchedulePolicy {
  return {
    overlap: 'skip',
    catchUp: 'latest',
    catchUpWindowMs: hourMs,
    maxCatchUpTicks: 1,
    startDeadlineMs: Math.max(5 * minuteMs, 2 * everyMs),
    timeoutMs: 2 * minuteMs,
    maxAttempts: 3,
    backoffMs: secondMs,
    startSpreadMs: Math.min(15 * secondMs, Math.floor(everyMs / 4)),
  }
}

/** A forecast is wanted however late: nobody else draws its steps. */
function forecastPolicy(everyMs: number): SchedulePolicy {
  return {
    overlap: 'bufferLatest',
    catchUp: 'latest',
    catchUpWindowMs: 24 * hourMs,
    maxCatchUpTicks: 100,
    startDeadlineMs: Math.max(4 * hourMs, everyMs),
    timeoutMs: 15 * minuteMs,
    maxAttempts: 5,
    backoffMs: 5 * secondMs,
    startSpreadMs: Math.min(minuteMs, Math.floor(everyMs / 4)),
  }
}

function durationOr(text: string | undefined, defaultMs: number): number {
  return text === undefined ? defaultMs : parseDuration(text)
}
