import { z } from 'zod'
import { tryParseDuration } from '../../models/duration.ts'
import { delay, duration, ownLabels, writtenPolicy } from '../missions/document/document.ts'

/** Of schedules that no mission has; those of missions are named by them. */
export const ownScheduleId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,79}$/, { error: 'use 1 to 80 of a-z, 0-9, . and -, beginning with a letter or digit' })

export const missionScheduleId = /^([a-z0-9][a-z0-9-]{0,62})\.(forecast|detect)$/

/** As people write it in documents. */
export const instant = z.iso.datetime({ offset: true, error: 'write an instant as 2026-01-31T12:00:00Z' })
const maxListed = 1_000

const spec = z
  .strictObject({
    every: duration.exactOptional().describe('Interval; T = k * every + phase in UTC'),
    phase: delay.exactOptional().describe('Of every; default: a stable hash of the id, in whole seconds'),
    cron: z.string().max(200).exactOptional().describe('Cron expression, seconds optional'),
    timeZone: z.string().max(100).exactOptional().describe('IANA zone of cron; default UTC'),
    dst: z
      .enum(['shift', 'skip'])
      .exactOptional()
      .describe(
        'Of cron: a time that the clocks leave out is due right after the gap (shift, the default) or not at all',
      ),
    at: z.array(instant).min(1).max(maxListed).exactOptional().describe('These instants and no others'),
    start: instant.exactOptional().describe('No T before it'),
    end: instant.exactOptional().describe('No T after it'),
    exclude: z
      .array(z.strictObject({ from: instant, to: instant.describe('Excluded itself') }))
      .max(100)
      .exactOptional()
      .describe('No T within'),
  })
  .refine(({ every, cron, at }) => [every, cron, at].filter((times) => times !== undefined).length === 1, {
    error: 'give one of every, cron and at',
  })
  .refine(({ phase, every }) => phase === undefined || every !== undefined, { error: 'phase needs every' })
  .refine(({ timeZone, dst, cron }) => (timeZone ?? dst) === undefined || cron !== undefined, {
    error: 'timeZone and dst need cron',
  })

const isSpread = (text: string): boolean => (tryParseDuration(text) ?? Number.POSITIVE_INFINITY) <= 3_600_000

const policy = writtenPolicy.extend({
  backoff: duration.exactOptional().describe('First wait between attempts; doubles'),
  maxCatchUpTicks: z.int().min(1).max(10_000).exactOptional().describe('Most ticks that catchUp: all makes up for'),
  startSpread: delay
    .refine(isSpread, { error: 'at most 1h' })
    .exactOptional()
    .describe('Starts lie within it behind T, by a stable hash of the id'),
  pauseAfterFailures: z
    .int()
    .min(1)
    .max(1_000)
    .exactOptional()
    .describe('So many failed runs in a row pause the schedule; after 15m, then twice as long, one run is tried'),
})

const fields = z.strictObject({
  id: ownScheduleId,
  flow: z.string().max(100).describe('GET /api/v1/flows lists them'),
  params: z.record(z.string(), z.unknown()).exactOptional().describe('Of the flow, checked by its schema'),
  spec,
  policy: policy.exactOptional(),
  labels: ownLabels.exactOptional().describe('Yours; lists can be filtered by them'),
  owner: z.string().max(200).exactOptional().describe('Yours'),
  notes: z.string().max(10_000).exactOptional().describe('Yours'),
})

const example = { flow: 'forecast', params: { mission: 'cpu' }, spec: { cron: '0 6 * * *', timeZone: 'Europe/Berlin' } }

/** A schedule that no mission has: when, and which flow with which parameters. */
export const scheduleDocument = fields.meta({ id: 'ScheduleDocument', examples: [{ id: 'cpu-at-six', ...example }] })

/** The same where the path says which schedule it is. */
export const scheduleBody = fields
  .extend({ id: ownScheduleId.exactOptional().describe('As in the path') })
  .meta({ id: 'ScheduleBody', examples: [example] })

export type ScheduleDocument = z.output<typeof scheduleDocument>
