import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { type Deployment, deployments, findDeployment } from '../deployments/deployments.ts'
import { writtenParameters, writtenSchedule } from '../deployments/mission-of-schedule.ts'
import { asScheduleList, deploymentParameters, postedSchedules, schedulePatch } from '../deployments/schedule-body.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ApiDeps } from './deps.ts'
import { problemResponses } from './problems.ts'
import type { Api } from './types.ts'
import { instant, toInstant } from './views.ts'

const tags = ['deployments']

const deploymentView = z
  .object({
    id: z.string(),
    name: z.string(),
    flow_name: z.string(),
    description: z.string(),
    parameter_openapi_schema: z.record(z.string(), z.unknown()).describe('JSON Schema of the parameters'),
  })
  .meta({ id: 'Deployment' })

const scheduleView = z
  .object({
    id: z.string(),
    deployment_id: z.string(),
    created: instant,
    updated: instant,
    schedule: z.object({
      cron: z.string().optional(),
      interval: z.number().optional(),
      anchor_date: instant.optional(),
      timezone: z.string(),
    }),
    active: z.boolean(),
    parameters: deploymentParameters,
    slug: z.null(),
    mission: z.string().describe('Id of the mission that it is one half of'),
  })
  .meta({ id: 'DeploymentSchedule' })

const postView = scheduleView
  .extend({
    outcome: z.enum(['created', 'updated', 'unchanged']).describe('Of the mission'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'PostedDeploymentSchedule' })

const deploymentParams = z.object({ id: z.string().max(100).describe('Id or name') })
const scheduleParams = deploymentParams.extend({ scheduleId: z.string().max(100) })

/** /deployments and /api/deployments: schedules as scripts for the ancestor post them. */
export function deploymentRoutes(app: Api, deps: ApiDeps): void {
  for (const route of [readRoutes, postRoute, listRoute, patchRoute, deleteRoute]) route(app, deps)
}

function readRoutes(app: Api): void {
  app.get('/deployments', {
    schema: {
      ...{ tags, summary: 'The two deployments, which exist by themselves' },
      querystring: z.strictObject({ name: z.string().max(100).exactOptional() }),
      response: { 200: z.array(deploymentView), ...problemResponses },
    },
    handler: async ({ query: { name } }) =>
      deployments.filter((deployment) => name === undefined || deployment.name === name).map(viewDeployment),
  })

  app.get('/deployments/:id', {
    schema: {
      ...{ tags, summary: 'A deployment, by id or name', params: deploymentParams },
      response: { 200: deploymentView, ...problemResponses },
    },
    handler: async ({ params: { id } }) => viewDeployment(findDeployment(id)),
  })

  app.get('/deployments/name/:flow/:id', {
    schema: {
      ...{ tags, summary: 'A deployment, by the names of its flow and its own' },
      params: z.object({ flow: z.string().max(100), ...deploymentParams.shape }),
      response: { 200: deploymentView, ...problemResponses },
    },
    handler: async ({ params: { flow, id } }) => {
      const deployment = findDeployment(id)
      if (deployment.flowName === flow) return viewDeployment(deployment)
      throw new AppError('NOT_FOUND', `${deployment.name} is of the flow "${deployment.flowName}", not "${flow}"`)
    },
  })
}

function postRoute(app: Api, deps: ApiDeps): void {
  app.post('/deployments/:id/schedules', {
    preValidation: async (request) => {
      request.body = asScheduleList(request.body) as never
    },
    schema: {
      ...{ tags, summary: 'Add schedules', params: deploymentParams, body: postedSchedules },
      description:
        'A list, or one schedule alone; `cron` or `interval` may stand in `schedule` or beside the parameters. The schedules of one `promql` in both deployments are the two halves of one mission, in whichever order they come; until the other is posted it has the default (forecast every hour, detect every minute). Posting again changes nothing, or edits.',
      response: { 201: z.array(postView), ...problemResponses },
    },
    handler: async (request, reply) => {
      const deployment = findDeployment(request.params.id)
      const changed: string[] = []
      request.changed = changed
      const outcomes = await deps.deployments.post(request.caller, deployment, request.body, (done) => {
        if (done.outcome !== 'unchanged') changed.push(`${done.outcome} mission ${done.mission.id}`)
      })
      return reply.code(201).send(
        outcomes.map(({ mission, outcome, warnings }) => {
          return { ...viewSchedule(mission, deployment), outcome, warnings: [...warnings] }
        }),
      )
    },
  })
}

function listRoute(app: Api, deps: ApiDeps): void {
  app.get('/deployments/:id/schedules', {
    schema: {
      ...{ tags, summary: 'Schedules that were added to a deployment', params: deploymentParams },
      response: { 200: z.array(scheduleView), ...problemResponses },
    },
    handler: async ({ params: { id }, caller }) => {
      const deployment = findDeployment(id)
      const missions = await deps.deployments.list(caller.tenant, deployment)
      return missions.map((mission) => viewSchedule(mission, deployment))
    },
  })
}

function patchRoute(app: Api, deps: ApiDeps): void {
  app.patch('/deployments/:id/schedules/:scheduleId', {
    schema: {
      ...{ tags, summary: 'Edit, pause or resume a schedule', params: scheduleParams, body: schedulePatch },
      description: 'A mission runs or rests as a whole: `active` is that of both halves.',
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async ({ params: { id, scheduleId }, body, caller }, reply) => {
      await deps.deployments.patch(caller, { deployment: findDeployment(id), scheduleId }, body)
      return reply.code(204).send()
    },
  })
}

function deleteRoute(app: Api, deps: ApiDeps): void {
  app.delete('/deployments/:id/schedules/:scheduleId', {
    schema: {
      ...{ tags, summary: 'Remove a schedule', params: scheduleParams },
      description:
        'The mission ends with the second of its halves; until then the one removed has the default schedule.',
      response: { 204: z.undefined(), ...problemResponses },
    },
    handler: async ({ params: { id, scheduleId }, caller }, reply) => {
      await deps.deployments.remove(caller, { deployment: findDeployment(id), scheduleId })
      return reply.code(204).send()
    },
  })
}

function viewDeployment({ id, name, flowName, description }: Deployment): z.output<typeof deploymentView> {
  const schema = z.toJSONSchema(deploymentParameters, { io: 'input', unrepresentable: 'any' })
  return { id, name, flow_name: flowName, description, parameter_openapi_schema: schema as Record<string, unknown> }
}

function viewSchedule(mission: StoredMission, { id, flow }: Deployment): z.output<typeof scheduleView> {
  const { document, createdMs, updatedMs, pause } = mission
  return {
    id: `${mission.id}.${flow}`,
    deployment_id: id,
    created: toInstant(createdMs),
    updated: toInstant(updatedMs),
    schedule: writtenSchedule(document[flow] ?? {}),
    active: pause === undefined,
    parameters: writtenParameters(document),
    slug: null,
    mission: mission.id,
  }
}
