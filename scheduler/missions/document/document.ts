import { z } from 'zod'
import { covariatesDocument, labelNames } from '../../../flows/covariates-document.ts'
import { tryParseDuration } from '../../../models/duration.ts'

/** Longer than any use, and so short that every instant reckoned with it can be written. */
const longestMs = 3_660 * 86_400_000
const isShortEnough = (text: string): boolean => (tryParseDuration(text) ?? 0) <= longestMs
const tooLong = 'at most 3660d'

/** A duration as people write it; kept as written, so that an export reads like its input. */
const aboveZero = 'write a duration above zero: 30s, 5m, 1h30m, 7d or PT5M'
export const duration = z
  .string({ error: aboveZero })
  .refine((text) => (tryParseDuration(text) ?? 0) > 0, { error: aboveZero })
  .refine(isShortEnough, { error: tooLong })
  .meta({ id: 'Duration', description: 'Duration such as 30s, 5m, 1h30m, 7d or PT5M', examples: ['5m'] })

const zeroOrMore = 'write a duration: 0s, 30s, 5m or PT5M'
export const delay = z
  .string({ error: zeroOrMore })
  .refine((text) => tryParseDuration(text) !== undefined, { error: zeroOrMore })
  .refine(isShortEnough, { error: tooLong })

const aSecondOrMore = duration.refine((text) => (tryParseDuration(text) ?? 0) >= 1_000, { error: 'at least 1s' })
const aMonthOrLess = duration.refine((text) => (tryParseDuration(text) ?? 0) <= 30 * 86_400_000, {
  error: 'at most 30d',
})

export const missionId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: 'use 1 to 63 of a-z, 0-9 and -, beginning with a letter or digit' })

const labelName = z
  .string()
  .regex(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'use the Prometheus label grammar, without __ at its beginning' })

const labelValue = z
  .string()
  .max(1_000)
  .regex(/^\P{Cc}*$/u, { error: 'use no control characters' })

/** What becomes of ticks and runs, as people write it. */
export const writtenPolicy = z.strictObject({
  overlap: z.enum(['skip', 'bufferLatest', 'allow']).optional().describe('While a run of the schedule is at work'),
  catchUp: z.enum(['none', 'latest', 'all']).optional().describe('Which of the ticks that were missed'),
  catchUpWindow: aMonthOrLess.optional().describe('Older ticks are not caught up'),
  startDeadline: aSecondOrMore.optional().describe('A run that has not begun by then expires'),
  timeout: aSecondOrMore.optional().describe('Of one attempt'),
  maxAttempts: z.int().min(1).max(20).optional(),
})

/** At most 16. */
export const ownLabels = z
  .record(labelName, labelValue)
  .refine((labels) => Object.keys(labels).length <= 16, { error: 'at most 16 labels' })

const schedule = z
  .strictObject({
    every: duration.optional().describe('Interval; T = k * every + phase in UTC'),
    cron: z.string().max(200).optional().describe('Cron expression, seconds optional'),
    timeZone: z.string().optional().describe('IANA zone of the cron expression; default UTC'),
    phase: delay.optional().describe('Offset of an interval on the grid; default: a stable hash of the id'),
    policy: writtenPolicy.optional(),
  })
  .refine(({ every, cron }) => every === undefined || cron === undefined, { error: 'give every or cron, not both' })
  .refine(({ cron, timeZone }) => timeZone === undefined || cron !== undefined, { error: 'timeZone needs cron' })
  .refine(({ cron, phase }) => phase === undefined || cron === undefined, { error: 'phase needs every' })

const fields = z.strictObject({
  id: missionId,
  query: z.string().trim().min(1, { error: 'is empty' }).max(16_384).describe('Any PromQL or MetricsQL expression'),
  datasource: z.string().optional().describe('Name of a configured datasource; default: the first'),
  step: duration.optional().describe('Grid of the forecast; default 5m'),
  detectStep: duration.optional().describe('Grid of the live values; default: the detect interval'),
  context: duration.optional().describe('History given to the model; default 7d'),
  horizon: duration.optional().describe('How far to forecast; default: gap + lead + 4h, at least 64 steps'),
  minPoints: z.int().min(2).max(10_000).optional().describe('Fewest finite values in the context; default 10'),
  model: z.string().optional().describe('Forecaster; default: the configured one'),
  fallback: z.string().optional().describe('Forecaster for when the model is missing or fails'),
  covariates: covariatesDocument.optional().describe('What the model may look at beside the query; Chronos-2 only'),
  groupBy: labelNames.optional().describe('Series that agree in these labels are forecast together; Chronos-2 only'),
  crossLearning: z.boolean().optional().describe('All series are forecast together; Chronos-2 only. Default false'),
  sensitivity: z.enum(['low', 'normal', 'high']).optional().describe('0.005, 0.015 or 0.1 band exits a day'),
  bandExitsPerDay: z.number().positive().max(100).optional().describe('The same as a number; one of both'),
  direction: z.enum(['both', 'above', 'below']).optional().describe('Which side may score above 1; default both'),
  minDeviation: z
    .number()
    .nonnegative()
    .optional()
    .describe('Nearer to the prediction than this, a score is 1 at most; default 0'),
  minRelativeDeviation: z.number().nonnegative().optional().describe('The same as a share of the prediction'),
  dataRange: z.tuple([z.number(), z.number()]).optional().describe('Lowest and highest; values outside score 10'),
  evalDelay: delay.optional().describe('Age at which samples count as complete; default: the datasource'),
  maxExtend: duration.optional().describe('Longest detect window after an outage; default 50m'),
  maxSeries: z.int().positive().optional().describe('More series than that fail a run; default: the configured one'),
  allowOutputs: z
    .boolean()
    .optional()
    .describe('Let selectors that name no metric read our own anomaly_ series, and a query those of its own mission'),
  labels: ownLabels.optional().describe('Yours; kept with the mission, not written'),
  owner: z.string().max(200).optional().describe('Yours'),
  notes: z.string().max(10_000).optional().describe('Yours'),
  paused: z.boolean().optional().describe('Where it is written it counts; else only pause and resume do'),
  forecast: schedule.optional().describe('Default: every 1h'),
  detect: schedule.optional().describe('Default: every 1m'),
})

type Related = Pick<
  z.output<typeof fields>,
  'sensitivity' | 'bandExitsPerDay' | 'groupBy' | 'crossLearning' | 'dataRange'
>

/** What fields do to each other. */
const relations = [
  z.refine<Related>(({ sensitivity, bandExitsPerDay }) => sensitivity === undefined || bandExitsPerDay === undefined, {
    error: 'give sensitivity or bandExitsPerDay, not both',
    path: ['bandExitsPerDay'],
  }),
  z.refine<Related>(({ groupBy, crossLearning }) => groupBy === undefined || !crossLearning, {
    error: 'give groupBy or crossLearning, not both',
    path: ['groupBy'],
  }),
  z.refine<Related>(({ dataRange }) => dataRange === undefined || dataRange[0] < dataRange[1], {
    error: 'the first value must be below the second',
    path: ['dataRange'],
  }),
]

const query = 'sum by (job) (rate(process_cpu_seconds_total[5m]))'

/** The mission document: `id` and `query` suffice, everything else has a default. */
export const missionDocument = fields.check(...relations).meta({ id: 'Mission', examples: [{ id: 'cpu', query }] })

/** The same where the path says which mission it is. */
export const missionBody = fields
  .extend({ id: missionId.exactOptional().describe('As in the path') })
  .check(...relations)
  .meta({ id: 'MissionBody', examples: [{ query }] })

export type MissionDocument = z.output<typeof missionDocument>
