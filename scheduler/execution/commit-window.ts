import type { DetectResult } from '../../flows/contexts.ts'
import type { StepRange } from '../../models/series.ts'
import { type EnqueueRequest, type RunJob, runIds } from '../queue/runs.ts'
import type { DetectRun } from './ports.ts'

/**
 * Moves the mark to the end of the window. It waits while no band reaches the window and one was asked for. What falls
 * out of reach, then or in an outage, is noted in the same step and becomes a backfill.
 */
export async function commitWindow(
  run: DetectRun,
  window: StepRange,
  result: Pick<DetectResult, 'noBand' | 'requests'>,
): Promise<void> {
  const { deps, name } = run
  const marks = await deps.marks.get(name)
  const scoredUntilMs = marks?.scoredUntilMs ?? window.fromMs
  const waits = result.noBand && result.requests.length > 0
  const leftOut = scoredUntilMs < window.fromMs ? { fromMs: scoredUntilMs, untilMs: window.fromMs } : undefined
  await deps.marks.moveScored(name, waits ? window.fromMs : window.untilMs, leftOut)
  // with those of a worker that was killed right here
  for (const gap of [...(marks?.gaps ?? []), ...(leftOut ? [leftOut] : [])]) await backfillGap(run, gap)
}

/** What an outage left out of reach is scored later, at low priority, where the store takes samples that old. */
async function backfillGap({ deps, mission, resolved, name }: DetectRun, gap: StepRange): Promise<void> {
  const { evalDelayMs, detectStepMs } = resolved.detectParams
  if (await deps.takesOldSamples(resolved.datasource, deps.now() - gap.fromMs))
    await deps.queue.enqueue(chunksOf(gap, resolved.maxExtendMs).map(gapRun))
  else deps.unscored(Math.round((gap.untilMs - gap.fromMs) / detectStepMs))
  await deps.marks.closeGap(name, gap)

  function gapRun(window: StepRange): EnqueueRequest {
    const id = `${mission.tenant}.${mission.id}.gap-${gap.fromMs}`
    const runId = runIds.backfill(id, window.untilMs)
    const nominalMs = window.untilMs + evalDelayMs
    const { bandKey } = mission
    const enqueuedMs = deps.now()
    const job: RunJob = { ...name, runId, flow: 'detect', kind: 'backfill', nominalMs, bandKey, enqueuedMs }
    return { job: { ...job, backfill: { id, window } }, priority: 1_000 }
  }
}

function chunksOf({ fromMs, untilMs }: StepRange, longestMs: number): StepRange[] {
  const chunks: StepRange[] = []
  for (let from = fromMs; from < untilMs; from += longestMs) {
    chunks.push({ fromMs: from, untilMs: Math.min(untilMs, from + longestMs) })
  }
  return chunks
}
