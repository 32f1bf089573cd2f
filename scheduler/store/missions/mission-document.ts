import { z } from 'zod'
import type { MissionDocument } from '../../missions/document/document.ts'
import { scheduleEra, scheduleSpec } from '../../planning/schedule-schema.ts'
import { storedAuthor } from '../pause.ts'
import { type Decoded, decodeDocument } from '../stored-document.ts'
import type { StoredMission } from './stored-mission.ts'

/** Version of the JSON; a release reads the one before as well. */
const version = 1

/** Checked when it was put: rules that came later must not make a mission that runs unreadable. */
const written = z
  .looseObject({ id: z.string(), query: z.string() })
  .transform((document) => document as unknown as MissionDocument)

const missionDocument = z
  .object({
    version: z.literal(version),
    tenant: z.string().min(1),
    id: z.string().min(1),
    document: written,
    createdMs: z.number(),
    updatedMs: z.number(),
    generation: z.int().positive(),
    bandKey: z.string(),
    scopeKey: z.string(),
    scopeSinceMs: z.number(),
    forecastEras: z.array(scheduleEra).min(1),
    detectSpec: scheduleSpec,
    pause: z
      .object({ reason: z.string(), ...storedAuthor, sinceMs: z.number(), untilMs: z.number().exactOptional() })
      .exactOptional(),
  })
  .transform(({ version: _, ...mission }): StoredMission => mission)

export const encodeMission = (mission: StoredMission): string => JSON.stringify({ version, ...mission })

export const decodeMission = (json: string): Decoded<StoredMission> => decodeDocument(json, missionDocument)
