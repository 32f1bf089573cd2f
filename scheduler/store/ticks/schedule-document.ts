import { z } from 'zod'
import { schedulePolicy, scheduleSpec } from '../../planning/schedule-schema.ts'
import { flowNames } from '../../queue/runs.ts'
import { scheduleDocument as ownDocument } from '../../schedules/document.ts'
import { storedAuthor } from '../pause.ts'
import { type Decoded, decodeDocument } from '../stored-document.ts'
import { parseScheduleMember, type ScheduleKey, scheduleMember } from './schedule-keys.ts'
import type { SchedulePosition, StoredSchedule } from './stored-schedule.ts'

const version = 1

/** What lies in the hash beside generation and last T; the spread is kept so that no reader hashes again. */
const scheduleDocument = z
  .object({
    // those that were written first bear none
    version: z.literal(version).default(version),
    mission: z.string(),
    flow: z.enum(flowNames),
    spec: scheduleSpec,
    policy: schedulePolicy,
    bandKey: z.string(),
    own: ownDocument.exactOptional(),
    // not in older ones
    labels: z.record(z.string(), z.string()).exactOptional(),
    earlier: z.array(z.object({ spec: scheduleSpec, untilMs: z.number() })),
    pause: z
      .object({
        reason: z.string(),
        ...storedAuthor,
        actor: z.string().exactOptional(),
        sinceMs: z.number(),
        untilMs: z.number().exactOptional(),
      })
      .exactOptional(),
    spreadMs: z.number().nonnegative(),
  })
  .refine(({ mission, own }) => (mission === '') === (own !== undefined), { error: 'a mission or a document' })
  .transform(({ version: _, ...document }) => document)

const instant = z.stringFormat('instant', /^-?\d+(?:\.\d+)?$/).transform(Number)
const position = z.object({ generation: instant, lastNominalMs: instant })

/** A schedule as read: `schedule`, or the `reason` why it cannot be told. */
export interface ScheduleRow extends ScheduleKey {
  readonly dueMs?: number
  /** Generation and last T as they lie there: a write holds while they do. */
  readonly stamp: string
  readonly position?: SchedulePosition
  readonly schedule?: StoredSchedule
  readonly reason?: string
}

/** Arguments of the script that writes a schedule over what bore this stamp. */
export function encodeSchedule(schedule: StoredSchedule, stamp: string): (string | number)[] {
  const { tenant: _, id: __, generation, lastNominalMs, dueMs, ...document } = schedule
  const json = JSON.stringify({ version, ...document })
  return [scheduleMember(schedule), stamp, json, generation, lastNominalMs, dueMs ?? '', schedule.own ? 1 : 0]
}

/** Five cells for each schedule: member, due instant, document, generation, last T. */
export function decodeScheduleRows(answer: unknown): ScheduleRow[] {
  const cells = answer as (string | null)[]
  const rows: ScheduleRow[] = []
  for (let i = 0; i + 4 < cells.length; i += 5) rows.push(decodeRow(cells.slice(i, i + 5)))
  return rows
}

type DecodedSchedule = Decoded<z.output<typeof scheduleDocument>>

const maxRemembered = 50_000
const remembered = new Map<string, { readonly json: string; readonly decoded: DecodedSchedule }>()

/** A planner reads the same documents every minute: checking one takes longer than all else that it does with it. */
function decoded(member: string, json: string): DecodedSchedule {
  const known = remembered.get(member)
  if (known?.json === json) return known.decoded
  const fresh = decodeDocument(json, scheduleDocument)
  if (remembered.size >= maxRemembered) remembered.clear()
  remembered.set(member, { json, decoded: fresh })
  return fresh
}

function decodeRow([member, due, json, generation, last]: readonly (string | null)[]): ScheduleRow {
  const key = parseScheduleMember(member ?? '')
  const row = { ...key, ...(due && { dueMs: Number(due) }), stamp: `${generation ?? ''}|${last ?? ''}` }
  const stands = position.safeParse({ generation, lastNominalMs: last }).data
  if (!stands) return { ...row, reason: `no generation and last T, but "${row.stamp}"` }
  const { document, reason } = decoded(member ?? '', json ?? '')
  if (!document) return { ...row, position: stands, reason }
  const earlier = document.earlier.filter(({ untilMs }) => untilMs > stands.lastNominalMs)
  const { dueMs } = row
  const schedule = { ...key, ...document, ...stands, earlier, ...(dueMs !== undefined && { dueMs }) }
  return { ...row, position: stands, schedule }
}
