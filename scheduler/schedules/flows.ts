import { z } from 'zod'
import { forecastOnceParams } from '../../flows/forecast-once-params.ts'
import { flows } from '../../flows/registry.ts'
import { describeMisfit } from '../config/describe-misfit.ts'
import { missionId } from '../missions/document/document.ts'
import { invalidDocument } from '../missions/document/invalid-document.ts'
import type { Problem } from '../missions/document/resolved.ts'
import type { FlowName, FlowTask } from '../queue/runs.ts'

/** A flow as schedules name it. */
export interface ScheduledFlow {
  readonly name: string
  readonly description: string
  /** Workers that run it. */
  readonly pool: FlowName
  readonly params: z.ZodType
  readonly example: Readonly<Record<string, unknown>>
}

const ofMission = z.strictObject({ mission: missionId.describe('Of the same tenant') })

export const forecastTask = ofMission.extend({
  recompute: z.boolean().default(false).describe('Forecast again though a forecast is kept'),
})
export const detectTask = ofMission

/**
 * Flows that a schedule can run. Those of missions take the mission's own parameters, at the T that is in force when the
 * schedule's T is due, as `mission trigger` does.
 */
export const scheduledFlows: readonly ScheduledFlow[] = [
  {
    ...{ name: flows.forecast.name, description: 'Forecast a mission, beside its own schedule', pool: 'forecast' },
    ...{ params: forecastTask, example: { mission: 'cpu', recompute: true } },
  },
  {
    ...{ name: flows.detect.name, description: 'Score a mission, beside its own schedule', pool: 'detect' },
    ...{ params: detectTask, example: { mission: 'cpu' } },
  },
  {
    ...{ name: flows.forecastOnce.name, description: 'Forecast any query; GET /api/v1/forecasts has the result' },
    ...{ pool: 'forecast', params: forecastOnceParams, example: { query: 'up', predictionLength: 24 } },
  },
  {
    ...{ name: flows.noop.name, description: flows.noop.description, pool: 'detect' },
    ...{ params: flows.noop.params, example: {} },
  },
]

/** What of a task does not fit its flow, and what does. */
export function readTask<Params>(
  { params }: Pick<FlowTask, 'params'>,
  schema: z.ZodType<Params>,
): { readonly params?: Params; readonly problems: readonly Problem[] } {
  const parsed = schema.safeParse(params)
  if (parsed.success) return { params: parsed.data, problems: [] }
  const { problems } = describeMisfit(schema)(parsed.error, params)
  return { problems: problems.map(({ pointer, detail }) => ({ pointer: `/params${pointer}`, detail })) }
}

/** @throws INVALID_PARAMS naming every parameter that does not fit. */
export function checked<Params>(task: FlowTask, schema: z.ZodType<Params>): Params {
  const { params, problems } = readTask(task, schema)
  if (params !== undefined) return params
  throw invalidDocument(`flow ${task.flow}`, problems)
}

export function findFlow(name: string): ScheduledFlow | undefined {
  return scheduledFlows.find((flow) => flow.name === name)
}
