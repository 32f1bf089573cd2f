import { parseAllDocuments, stringify } from 'yaml'
import { z } from 'zod'
import { AppError } from '../../../models/errors.ts'
import { scheduleEra } from '../../planning/schedule-schema.ts'
import type { StoredMission } from '../../store/missions/stored-mission.ts'
import { storedAuthor } from '../../store/pause.ts'
import type { MissionDocument } from '../document/document.ts'

/** The comment before a document that an `apply` does not see and a refill goes on from. */
const mark = ' anomaly-times: '

const savedState = z.object({
  createdMs: z.int().positive(),
  scopeSinceMs: z.int().positive(),
  // not in older exports
  generation: z.int().positive().default(1),
  forecastEras: z.array(scheduleEra).min(1),
  pause: z
    .object({ reason: z.string(), ...storedAuthor, sinceMs: z.int(), untilMs: z.int().exactOptional() })
    .exactOptional(),
})

/** What a mission is beside its document; keys follow from both. */
export type SavedState = z.output<typeof savedState>

export interface Exported<Saved> {
  /** As it was written; not checked yet. */
  readonly document: unknown
  readonly saved?: Saved
}
export type ExportedMission = Exported<SavedState>

/** One mission as a YAML document: input of `mission apply`. */
export function exportMission({ document, pause, ...mission }: StoredMission): string {
  const { createdMs, scopeSinceMs, generation, forecastEras } = mission
  const saved = { createdMs, scopeSinceMs, generation, forecastEras, ...(pause && { pause }) }
  return exportDocument(saved, document satisfies MissionDocument)
}

/** A document, and what its refill goes on from. */
export function exportDocument(saved: object, document: object): string {
  return `---\n#${mark}${JSON.stringify(saved)}\n${stringify(document, { lineWidth: 0 })}`
}

/** Missions of a file of ours or of anybody's. @throws INVALID_CONFIG naming it */
export function parseMissionFile(text: string, file: string): ExportedMission[] {
  return parseExport(text, { file, savedState })
}

interface ExportFile<Saved> {
  /** Named in errors. */
  readonly file: string
  readonly savedState: z.ZodType<Saved>
}

/** YAML documents or JSON, each a document or a list of them. @throws INVALID_CONFIG: no export may write over the file. */
export function parseExport<Saved>(text: string, { file, savedState }: ExportFile<Saved>): Exported<Saved>[] {
  const found: Exported<Saved>[] = []
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors
    if (error) throw new AppError('INVALID_CONFIG', `${file}: ${error.message}`, { cause: error })
    const value: unknown = document.toJS()
    if (value === null) continue
    const saved = readSaved(document.contents?.commentBefore ?? document.commentBefore, { file, savedState })
    if (Array.isArray(value)) found.push(...value.map((each: unknown) => ({ document: each })))
    else found.push({ document: value, ...(saved && { saved }) })
  }
  return found
}

function readSaved<Saved>(
  comment: string | null | undefined,
  { file, savedState }: ExportFile<Saved>,
): Saved | undefined {
  const line = comment?.split('\n').find((each) => each.startsWith(mark))
  if (line === undefined) return undefined
  try {
    return savedState.parse(JSON.parse(line.slice(mark.length)))
  } catch (error) {
    throw new AppError('INVALID_CONFIG', `${file}: the line "#${line.slice(0, 60)}..." was changed`, { cause: error })
  }
}
