import { z } from 'zod'
import { duration, missionId } from '../missions/document/document.ts'
import { instant } from '../schedules/document.ts'

export const backfillFlows = ['forecast', 'detect', 'both'] as const
export type BackfillFlow = (typeof backfillFlows)[number]

const fields = z.strictObject({
  id: missionId.exactOptional().describe('Yours; default: made of the time. The same document again changes nothing'),
  flow: z
    .enum(backfillFlows)
    .default('both')
    .describe('forecast: the band. detect: scores by the bands that are there. both: one after the other for every T'),
  mission: missionId.exactOptional(),
  labels: z.string().max(1_000).exactOptional().describe('All missions that bear these labels: team=sre,env!=dev'),
  from: instant.describe('Steps after it'),
  to: instant.describe('Steps up to it'),
  chunk: duration.exactOptional().describe('Of detect: how much one run scores; default: the maxExtend of the mission'),
  order: z.enum(['newest', 'oldest']).default('newest').describe('Which steps come first'),
  reprocess: z
    .enum(['none', 'failed', 'all'])
    .default('failed')
    .describe('T whose run failed: left alone (none) or made again (failed). Only what the store lacks is written'),
  maxActive: z.int().min(1).max(100).default(2).describe('Most runs in the queue at a time'),
  maxForecasts: z.int().min(1).max(100_000).exactOptional().describe('Only the newest so many T'),
})

type Named = Pick<z.output<typeof fields>, 'mission' | 'labels' | 'flow' | 'chunk' | 'maxForecasts'>
type Ranged = Pick<z.output<typeof fields>, 'from' | 'to'>

const relations = [
  z.refine<Named>(({ mission, labels }) => (mission === undefined) !== (labels === undefined), {
    error: 'give mission or labels',
    path: ['mission'],
  }),
  z.refine<Named>(({ chunk, flow }) => chunk === undefined || flow === 'detect', {
    error: 'goes with flow detect: a forecast has the steps that its T owns',
    path: ['chunk'],
  }),
  z.refine<Named>(({ maxForecasts, flow }) => maxForecasts === undefined || flow !== 'detect', {
    error: 'flow detect makes none',
    path: ['maxForecasts'],
  }),
  z.refine<Ranged>(({ from, to }) => Date.parse(from) < Date.parse(to), {
    error: 'does not lie after from',
    path: ['to'],
  }),
]

const examples = [{ mission: 'cpu', from: '2026-11-20T00:00:00Z', to: '2026-11-24T00:00:00Z' }]

/** Runs of missions over a past range, as it is kept. */
export const backfillDocument = fields.check(...relations)
export type BackfillDocument = z.output<typeof backfillDocument>

/** The same as it is asked for. */
export const backfillBody = fields
  .extend({ dryRun: z.boolean().default(false).describe('Only say how much it would be; nothing is stored') })
  .check(...relations)
  .meta({ id: 'BackfillBody', examples })
