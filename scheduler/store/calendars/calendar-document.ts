import { z } from 'zod'
import { calendarDocument } from '../../calendars/document.ts'
import type { StoredCalendar } from '../../calendars/types.ts'
import { type Decoded, decodeDocument } from '../stored-document.ts'

const version = 1

const stored = z
  .object({
    version: z.literal(version),
    tenant: z.string(),
    id: z.string(),
    document: calendarDocument,
    createdMs: z.number(),
    updatedMs: z.number(),
    generation: z.int().positive(),
    serial: z.int().positive(),
  })
  .transform(({ version: _, ...calendar }): StoredCalendar => calendar)

export const encodeCalendar = (calendar: StoredCalendar): string => JSON.stringify({ version, ...calendar })

export const decodeCalendar = (json: string): Decoded<StoredCalendar> => decodeDocument(json, stored)
