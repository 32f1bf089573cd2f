import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { createExport, type DocumentExport, type ExportOptions } from '../missions/export/create-export.ts'
import { type Exported, exportDocument } from '../missions/export/export-file.ts'
import { collectTexts } from '../missions/export/mission-export.ts'
import { type RefillFailure, refillDocuments } from '../missions/export/refill-documents.ts'
import type { StateDir } from '../missions/export/state-dir.ts'
import type { Clock } from '../process/clock.ts'
import { isPauseOn, storedAuthor } from '../store/pause.ts'
import { issuesText } from '../store/stored-document.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { StoredSchedule } from '../store/ticks/stored-schedule.ts'
import { type ScheduleDocument, scheduleDocument } from './document.ts'
import { resolveSchedule } from './resolve.ts'

const savedState = z.object({
  generation: z.int().positive(),
  pause: z
    .object({
      reason: z.string(),
      ...{ ...storedAuthor, actor: z.string().exactOptional() },
      untilMs: z.int().exactOptional(),
    })
    .exactOptional(),
})
type SavedState = z.output<typeof savedState>

export interface ScheduleExportOptions extends Omit<ExportOptions, 'source'> {
  readonly schedules: Pick<ScheduleStore, 'own' | 'ownRevision'>
}

/** Schedules that no mission has; the others follow from their missions. */
export function createScheduleExport({ schedules, ...options }: ScheduleExportOptions): DocumentExport {
  return createExport({
    ...options,
    source: {
      revision: () => schedules.ownRevision(),
      texts: (installation, onUnreadable) =>
        collectTexts(schedules.own(onUnreadable), (tenant) => headerOf(tenant, installation), exportSchedule),
    },
  })
}

const headerOf = (tenant: string, id: string): string =>
  `# Schedules of tenant ${tenant}, installation ${id}. Written by anomaly-times; input of \`anomaly-times schedule apply -f\`.\n`

function exportSchedule({ own, generation, pause }: StoredSchedule): string {
  return exportDocument({ generation, ...(pause && { pause }) }, own ?? {})
}

interface RefillDeps {
  readonly schedules: ScheduleStore
  readonly clock: Clock
}

/** Exported schedules into a Redis that has lost them; what is there already stays. Resolves with what no longer fits. */
export function refillSchedules(deps: RefillDeps, state: StateDir): Promise<RefillFailure[]> {
  const { clock } = deps
  return refillDocuments({
    ...{ state, folder: 'schedules', savedState, clock },
    restore: (tenant, exported) => restore(deps, tenant, exported),
  })
}

async function restore(
  { schedules, clock }: RefillDeps,
  tenant: string,
  exported: Exported<SavedState>,
): Promise<void> {
  const document = parseDocument(exported.document)
  if (await schedules.get({ tenant, id: document.id })) return
  const nowMs = clock.now()
  const entry = resolveSchedule(tenant, document, { nowMs, mayBeOver: true })
  const { generation = 1, pause } = exported.saved ?? {}
  await schedules.upsertSchedule(entry, nowMs, { generation })
  if (pause && isPauseOn(pause, nowMs)) await schedules.setPaused(entry, pause, nowMs)
}

function parseDocument(written: unknown): ScheduleDocument {
  const parsed = scheduleDocument.safeParse(written)
  if (parsed.success) return parsed.data
  throw new AppError('INVALID_PARAMS', `schedule ${String(Object(written).id ?? '?')}: ${issuesText(parsed.error)}`)
}
