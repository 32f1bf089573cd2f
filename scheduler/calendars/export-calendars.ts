import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { createExport, type DocumentExport, type ExportOptions } from '../missions/export/create-export.ts'
import { type Exported, exportDocument } from '../missions/export/export-file.ts'
import { collectTexts } from '../missions/export/mission-export.ts'
import { type RefillFailure, refillDocuments } from '../missions/export/refill-documents.ts'
import type { StateDir } from '../missions/export/state-dir.ts'
import type { Clock } from '../process/clock.ts'
import type { CalendarStore } from '../store/calendars/calendar-store.ts'
import { issuesText } from '../store/stored-document.ts'
import { calendarDocument } from './document.ts'
import type { StoredCalendar } from './types.ts'

const savedState = z.object({ createdMs: z.int().positive(), generation: z.int().positive() })
type SavedState = z.output<typeof savedState>

export interface CalendarExportOptions extends Omit<ExportOptions, 'source'> {
  readonly calendars: Pick<CalendarStore, 'all' | 'revision'>
}

export function createCalendarExport({ calendars, ...options }: CalendarExportOptions): DocumentExport {
  return createExport({
    ...options,
    source: {
      revision: () => calendars.revision(),
      texts: (installation, onUnreadable) =>
        collectTexts(calendars.all(onUnreadable), (tenant) => headerOf(tenant, installation), exportCalendar),
    },
  })
}

const headerOf = (tenant: string, id: string): string =>
  `# Calendars of tenant ${tenant}, installation ${id}. Written by anomaly-times; input of \`anomaly-times calendar apply -f\`.\n`

const exportCalendar = ({ createdMs, generation, document }: StoredCalendar): string =>
  exportDocument({ createdMs, generation }, document)

interface RefillDeps {
  readonly calendars: CalendarStore
  readonly clock: Clock
}

/** Exported calendars into a Redis that has lost them; what is there already stays. Resolves with what no longer fits. */
export function refillCalendars(deps: RefillDeps, state: StateDir): Promise<RefillFailure[]> {
  const { clock } = deps
  return refillDocuments({
    ...{ state, folder: 'calendars', savedState, clock },
    restore: (tenant, exported) => restore(deps, tenant, exported),
  })
}

async function restore(
  { calendars, clock }: RefillDeps,
  tenant: string,
  { document: written, saved }: Exported<SavedState>,
) {
  const parsed = calendarDocument.safeParse(written)
  if (!parsed.success)
    throw new AppError('INVALID_PARAMS', `calendar ${String(Object(written).id ?? '?')}: ${issuesText(parsed.error)}`)
  const document = parsed.data
  const { id } = document
  if (await calendars.get({ tenant, id })) return
  const nowMs = clock.now()
  const { createdMs, generation } = saved ?? { createdMs: nowMs, generation: 1 }
  const serial = await calendars.newSerial()
  await calendars.replace({ tenant, id, document, createdMs, updatedMs: nowMs, generation, serial }, undefined)
}
