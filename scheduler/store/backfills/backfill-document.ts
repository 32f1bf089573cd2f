import { z } from 'zod'
import { backfillDocument } from '../../backfills/document.ts'
import { type Backfill, backfillStates } from '../../backfills/types.ts'
import { missionId } from '../../missions/document/document.ts'
import { flowNames } from '../../queue/runs.ts'
import { storedAuthor } from '../pause.ts'
import { type Decoded, decodeDocument } from '../stored-document.ts'

const version = 1

const stepRange = z.object({ fromMs: z.number(), untilMs: z.number() })
const count = z.int().min(0)

const part = z.object({
  ...{ mission: z.string(), signature: z.string(), range: stepRange, stepMs: z.number().positive() },
  chunkMs: z.number().positive().exactOptional(),
  ...{ cursorMs: z.number(), total: count, handedOut: count },
  ended: z.string().exactOptional(),
})

const activeUnit = z.object({
  ...{ mission: z.string(), nominalMs: z.number(), window: stepRange, stage: z.enum(flowNames), runId: z.string() },
})

const failure = z.object({
  ...{ mission: z.string(), nominalMs: z.number(), runId: z.string(), code: z.string(), message: z.string() },
})

const stored = z
  .object({
    version: z.literal(version),
    tenant: z.string(),
    id: z.string(),
    document: z.intersection(backfillDocument, z.object({ id: missionId })),
    actor: z.string(),
    createdMs: z.number(),
    updatedMs: z.number(),
    revision: z.int().positive(),
    state: z.enum(backfillStates),
    pause: z.object({ reason: z.string(), ...storedAuthor, sinceMs: z.number() }).exactOptional(),
    parts: z.array(part),
    active: z.array(activeUnit),
    // not in older ones
    pending: z.array(activeUnit).default([]),
    done: count,
    failed: count,
    skipped: z.record(z.string(), count),
    failures: z.array(failure),
    failedInRow: count,
    pace: z.object({ sinceMs: z.number(), settled: count }),
  })
  .transform(({ version: _, ...backfill }): Backfill => backfill)

export const encodeBackfill = (backfill: Backfill): string => JSON.stringify({ version, ...backfill })

export const decodeBackfill = (json: string): Decoded<Backfill> => decodeDocument(json, stored)
