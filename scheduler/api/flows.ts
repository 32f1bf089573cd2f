import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { didYouMean } from '../config/did-you-mean.ts'
import { flowNames } from '../queue/runs.ts'
import { findFlow, type ScheduledFlow, scheduledFlows } from '../schedules/flows.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'

const tags = ['flows']
const flowView = z
  .object({
    name: z.string(),
    description: z.string(),
    pool: z.enum(flowNames).describe('Workers that run it'),
    params: z.record(z.string(), z.unknown()).describe('JSON Schema'),
    example: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Flow' })

/** /api/v1/flows: what schedules can run. */
export function flowRoutes(app: Api): void {
  app.get('/flows', {
    schema: {
      ...{ tags, summary: 'Flows that a schedule can run, with the JSON Schema of their parameters' },
      response: { 200: z.object({ flows: z.array(flowView) }).meta({ id: 'Flows' }), ...problemResponses },
    },
    handler: async () => ({ flows: scheduledFlows.map(viewFlow) }),
  })

  app.get('/flows/:name', {
    schema: {
      ...{ tags, summary: 'One flow', params: z.object({ name: z.string().max(100) }) },
      response: { 200: flowView, ...problemResponses },
    },
    handler: async ({ params: { name } }) => {
      const flow = findFlow(name)
      if (flow) return viewFlow(flow)
      const names = scheduledFlows.map((known) => known.name)
      throw new AppError('NOT_FOUND', `no flow "${name}"${didYouMean(name, names)}`)
    },
  })
}

function viewFlow({ name, description, pool, params, example }: ScheduledFlow): z.output<typeof flowView> {
  const schema = z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' })
  return { name, description, pool, params: schema as Record<string, unknown>, example }
}
