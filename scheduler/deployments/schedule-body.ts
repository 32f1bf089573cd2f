import { z } from 'zod'

/** What a mission is made of, in the words of scripts that posted to deployments. */
export const deploymentParameters = z
  .strictObject({
    promql: z
      .string()
      .trim()
      .min(1, { error: 'is empty' })
      .max(16_384)
      .describe('What to watch: any PromQL expression'),
    model_type: z.string().max(1_000).exactOptional().describe('lgbm, chronos, or a model of ours'),
    datasource: z.string().exactOptional(),
    step: z.string().exactOptional().describe('Grid of the forecast; default 5m'),
    context: z.string().exactOptional().describe('History given to the model; default 7d'),
    horizon: z.string().exactOptional().describe('How far to forecast'),
    sensitivity: z.enum(['low', 'normal', 'high']).exactOptional(),
    direction: z.enum(['both', 'above', 'below']).exactOptional(),
  })
  .meta({ examples: [{ promql: 'rate(http_requests_total[5m])', model_type: 'lgbm' }] })
export type DeploymentParameters = z.output<typeof deploymentParameters>

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

const writtenSchedule = z
  .strictObject({
    cron: z.string().max(200).nullish(),
    interval: z.number().min(1).max(31_536_000).nullish().describe('Seconds'),
    timezone: z.string().nullish().describe('IANA zone of cron; default UTC'),
    anchor_date: z.iso.datetime({ offset: true }).nullish().describe('One of the instants of interval'),
    day_or: z.literal(true, { error: 'days of month and week are joined by "or" here' }).nullish(),
  })
  .refine(({ cron, interval }) => isGiven(cron) !== isGiven(interval), { error: 'give cron, or interval in seconds' })
  .refine(({ interval, timezone }) => !isGiven(interval) || !isGiven(timezone) || timezone === 'UTC', {
    error: 'intervals are counted in UTC',
    path: ['timezone'],
  })
  .refine(({ cron, anchor_date }) => !isGiven(cron) || !isGiven(anchor_date), {
    error: 'belongs to interval',
    path: ['anchor_date'],
  })
  .meta({ id: 'DeploymentScheduleTimes', examples: [{ cron: '0 * * * *' }, { interval: 3_600 }] })
export type WrittenSchedule = z.output<typeof writtenSchedule>

const active = z.boolean().describe('Of the mission, so of both its schedules')

/** One schedule of a deployment. */
export const postedSchedule = z
  .strictObject({
    schedule: writtenSchedule,
    active: active.exactOptional(),
    parameters: deploymentParameters,
    slug: z.string().max(200).nullish().describe('Not kept: a schedule is known by what it watches'),
  })
  .meta({ id: 'PostedSchedule' })
export type PostedSchedule = z.output<typeof postedSchedule>

export const postedSchedules = z.array(postedSchedule).min(1).max(1_000)

export const schedulePatch = z
  .strictObject({
    schedule: writtenSchedule.exactOptional(),
    active: active.exactOptional(),
    parameters: deploymentParameters.partial({ promql: true }).exactOptional(),
  })
  .meta({ id: 'PatchedSchedule' })
export type SchedulePatch = z.output<typeof schedulePatch>

/** A list of schedules in the long form: scripts also post one alone, and cron or interval beside the parameters. */
export function asScheduleList(body: unknown): unknown {
  return (Array.isArray(body) ? body : [body]).map(withSchedule)
}

const timeFields = ['cron', 'interval', 'timezone', 'anchor_date', 'day_or'] as const

function withSchedule(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || 'schedule' in item) return item
  const fields = Object.entries(item)
  const isTime = ([name]: [string, unknown]) => timeFields.some((field) => field === name)
  const rest = fields.filter((field) => !isTime(field))
  return { ...Object.fromEntries(rest), schedule: Object.fromEntries(fields.filter(isTime)) }
}
