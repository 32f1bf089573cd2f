import { z } from 'zod'
import { backfillFlows } from '../backfills/document.ts'
import type { BackfillSize } from '../backfills/plan.ts'
import { type Backfill, backfillStates, endsAtMs, settledOf, skippedOf, totalOf } from '../backfills/types.ts'
import { instant, toInstant } from './views.ts'

const progressView = z
  .object({
    total: z.int().describe('Pieces: T with their steps, or of flow detect chunks'),
    ...{ done: z.int(), failed: z.int(), skipped: z.int(), active: z.int(), left: z.int() },
    endsAt: instant.optional().describe('If it goes on as it went'),
  })
  .meta({ id: 'BackfillProgress' })

const partView = z
  .object({
    mission: z.string(),
    from: instant,
    to: instant,
    at: instant.describe('Between what was handed out and what is left'),
    ...{ total: z.int(), handedOut: z.int() },
    ended: z.string().optional().describe('Why nothing more comes of it'),
  })
  .meta({ id: 'BackfillPart' })

const failureView = z
  .object({ mission: z.string(), nominal: instant, runId: z.string(), code: z.string(), message: z.string() })
  .meta({ id: 'BackfillFailure' })

export const backfillView = z
  .object({
    id: z.string(),
    state: z.enum(backfillStates),
    flow: z.enum(backfillFlows),
    mission: z.string().optional(),
    labels: z.string().optional(),
    ...{ from: instant, to: instant, chunk: z.string().optional(), order: z.enum(['newest', 'oldest']) },
    ...{ reprocess: z.enum(['none', 'failed', 'all']), maxActive: z.int(), maxForecasts: z.int().optional() },
    ...{ createdAt: instant, createdBy: z.string(), updatedAt: instant },
    pause: z.object({ reason: z.string(), actor: z.string(), since: instant }).optional(),
    progress: progressView,
    skippedBy: z.array(z.object({ reason: z.string(), count: z.int() })),
    failures: z.array(failureView).describe('The newest ten'),
    parts: z.array(partView).optional().describe('By mission; of a single backfill only'),
  })
  .meta({ id: 'Backfill' })

export function viewBackfill(backfill: Backfill, nowMs: number): z.output<typeof backfillView> {
  const { document, state, actor, createdMs, updatedMs, pause, skipped, failures } = backfill
  return {
    ...document,
    ...{ state, createdAt: toInstant(createdMs), createdBy: actor, updatedAt: toInstant(updatedMs) },
    ...(pause && { pause: { reason: pause.reason, actor: pause.actor, since: toInstant(pause.sinceMs) } }),
    progress: viewProgress(backfill, nowMs),
    skippedBy: Object.entries(skipped).map(([reason, count]) => ({ reason, count })),
    failures: failures.map(({ nominalMs, ...failure }) => ({ ...failure, nominal: toInstant(nominalMs) })),
  }
}

export function viewWhole(backfill: Backfill, nowMs: number): z.output<typeof backfillView> {
  const parts = backfill.parts.map(({ mission, range, cursorMs, total, handedOut, ended }) => ({
    ...{ mission, from: toInstant(range.fromMs), to: toInstant(range.untilMs), at: toInstant(cursorMs) },
    ...{ total, handedOut, ...(ended !== undefined && { ended }) },
  }))
  return { ...viewBackfill(backfill, nowMs), parts }
}

function viewProgress(backfill: Backfill, nowMs: number): z.output<typeof progressView> {
  const { done, failed, active } = backfill
  const total = totalOf(backfill)
  const endsMs = endsAtMs(backfill, nowMs)
  return {
    ...{ total, done, failed, skipped: skippedOf(backfill), active: active.length },
    left: Math.max(0, total - settledOf(backfill) - active.length),
    ...(endsMs !== undefined && { endsAt: toInstant(endsMs) }),
  }
}

export const sizeView = z
  .object({
    missions: z.int(),
    ticks: z.int().describe('T that own steps of the range'),
    forecasts: z.int().describe('T that are forecast: at most maxForecasts'),
    chunks: z.int().describe('Runs of detection'),
    steps: z.int().describe('Steps that are scored, or of flow forecast drawn, for every series'),
  })
  .meta({ id: 'BackfillSize' })

export const viewSize = (size: BackfillSize): z.output<typeof sizeView> => size
