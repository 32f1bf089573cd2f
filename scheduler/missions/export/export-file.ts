import { parseAllDocuments, stringify } from 'yaml'
import { z } from 'zod'
import { AppError } from '../../../models/errors.ts'
import { scheduleEra } from '../../planning/schedule-schema.ts'
import type { StoredMission } from '../../store/missions/stored-mission.ts'
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
    .object({ reason: z.string(), actor: z.string(), sinceMs: z.int(), untilMs: z.int().exactOptional() })
    .exactOptional(),
})

/** What a mission is beside its document; keys follow from both. */
export type SavedState = z.output<typeof savedState>

export interface ExportedMission {
  /** As it was written; not checked yet. */
  readonly document: unknown
  readonly saved?: SavedState
}

/** One mission as a YAML document: input of `mission apply`. */
export function exportMission({ document, pause, ...mission }: StoredMission): string {
  const { createdMs, scopeSinceMs, generation, forecastEras } = mission
  const saved = { createdMs, scopeSinceMs, generation, forecastEras, ...(pause && { pause }) }
  return `---\n#${mark}${JSON.stringify(saved)}\n${stringify(document satisfies MissionDocument, { lineWidth: 0 })}`
}

/** Missions of a file of ours or of anybody's: YAML documents or JSON, each a mission or a list of them. */
export function parseMissionFile(text: string, file: string): ExportedMission[] {
  const missions: ExportedMission[] = []
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors
    if (error) throw new AppError('INVALID_CONFIG', `${file}: ${error.message}`, { cause: error })
    const value: unknown = document.toJS()
    if (value === null) continue
    const saved = readSaved(document.contents?.commentBefore ?? document.commentBefore, file)
    if (Array.isArray(value)) missions.push(...value.map((each: unknown) => ({ document: each })))
    else missions.push({ document: value, ...(saved && { saved }) })
  }
  return missions
}

function readSaved(comment: string | null | undefined, file: string): SavedState | undefined {
  const line = comment?.split('\n').find((each) => each.startsWith(mark))
  if (line === undefined) return undefined
  try {
    return savedState.parse(JSON.parse(line.slice(mark.length)))
  } catch (error) {
    throw new AppError('INVALID_CONFIG', `${file}: the line "#${line.slice(0, 60)}..." was changed`, { cause: error })
  }
}
