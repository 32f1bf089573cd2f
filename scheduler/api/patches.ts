import { AppError } from '../../models/errors.ts'
import { missionBody } from '../missions/document/document.ts'
import { scheduleBody } from '../schedules/document.ts'
import { assertOwn } from '../schedules/service.ts'
import type { ApiDeps } from './deps.ts'
import { preconditions, tag, tagged } from './etag.ts'
import { mergePatchType, patchBody, patcher, rewrite } from './merge-patch.ts'
import { missionParams, putView as putMissionView } from './missions.ts'
import { tellOutcome } from './outcome.ts'
import { assertPathId } from './path-id.ts'
import { problemResponses } from './problems.ts'
import { viewSchedule } from './schedule-views.ts'
import { putView as putScheduleView, scheduleParams } from './schedules.ts'
import type { Api } from './types.ts'

const shared = {
  consumes: ['application/json', mergePatchType],
  body: patchBody,
  description:
    'JSON merge patch (RFC 7396): fields that are sent replace those that are there, null removes one; checked as with `PUT`. `If-Match: "<generation>"` only changes that generation; without it an edit of somebody else in between is kept.',
}

/** PATCH of /api/v1/missions and /api/v1/schedules */
export function patchRoutes(app: Api, deps: ApiDeps): void {
  for (const route of [patchMissionRoute, patchScheduleRoute]) route(app, deps)
}

function patchMissionRoute(app: Api, { missions }: ApiDeps): void {
  const patched = patcher(missionBody)
  app.patch('/missions/:id', {
    schema: {
      ...{ tags: ['missions'], summary: 'Change some fields of a mission', params: missionParams, ...shared },
      response: { 200: putMissionView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { caller, params, body } = request
      const { tenant, name: actor } = caller
      const read = () => missions.get(tenant, params.id)
      const { mission, outcome, warnings } = await rewrite({
        ...{ read, ifGeneration: await givenGeneration(request, read) },
        write({ id, document }, ifGeneration) {
          const next = patched(document, body)
          assertPathId(next, id)
          return missions.put(tenant, { ...next, id }, { actor, ifGeneration })
        },
      })
      tellOutcome(request, reply, { outcome, path: `/missions/${mission.id}` })
      return { ...tagged(reply, mission), outcome, warnings: [...warnings] }
    },
  })
}

function patchScheduleRoute(app: Api, { schedules, now }: ApiDeps): void {
  const patched = patcher(scheduleBody)
  app.patch('/schedules/:id', {
    schema: {
      ...{ tags: ['schedules'], summary: 'Change some fields of a schedule of its own', params: scheduleParams },
      ...shared,
      response: { 200: putScheduleView, ...problemResponses },
    },
    handler: async (request, reply) => {
      const { tenant } = request.caller
      const read = async () => {
        const stored = await schedules.get({ tenant, id: request.params.id })
        assertOwn(stored)
        return stored
      }
      const { schedule, outcome } = await rewrite({
        ...{ read, ifGeneration: await givenGeneration(request, read) },
        write({ id, own }, ifGeneration) {
          const next = patched(own, request.body)
          assertPathId(next, id)
          return schedules.put(tenant, { ...next, id }, { ifGeneration })
        },
      })
      tellOutcome(request, reply, { outcome, path: `/schedules/${schedule.id}` })
      tag(reply, schedule)
      return { ...viewSchedule(schedule, now()), outcome }
    },
  })
}

/** @throws INVALID_PARAMS for If-None-Match: nothing is created here. */
async function givenGeneration(...[request, present]: Parameters<typeof preconditions>): Promise<number | undefined> {
  const { ifGeneration, createOnly } = await preconditions(request, present)
  if (createOnly) throw new AppError('INVALID_PARAMS', 'If-None-Match: a patch creates nothing')
  return ifGeneration
}
