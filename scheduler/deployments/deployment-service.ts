import { AppError, toAppError } from '../../models/errors.ts'
import type { MissionService } from '../missions/contract.ts'
import type { MissionDocument } from '../missions/document/document.ts'
import type { FlowName } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { untilNoConflict } from '../store/outrun.ts'
import { everyPage } from '../store/pages.ts'
import type { Deployment } from './deployments.ts'
import { blamePosted, isOfDeployments, missionIdOf, withHalf, writtenSchedule } from './mission-of-schedule.ts'
import type { PostedSchedule, SchedulePatch } from './schedule-body.ts'

export interface DeploymentServiceDeps {
  readonly missions: Pick<MissionService, 'get' | 'list' | 'put' | 'remove'>
  /** Names of models that missions may have. */
  readonly installed: readonly string[]
}

/** Who asks, and under which name it is kept. */
export interface DeploymentCaller {
  readonly tenant: string
  readonly name: string
}

export interface ScheduleOutcome {
  readonly mission: StoredMission
  readonly outcome: 'created' | 'updated' | 'unchanged'
  readonly warnings: readonly string[]
}

export interface ScheduleName {
  readonly deployment: Deployment
  readonly scheduleId: string
}

/** Schedules as the ancestor had them; each is one half of a mission. */
export interface DeploymentService {
  /** In the order given; one that is there already is left as it is, or edited. @throws INVALID_PARAMS, QUERY_REJECTED */
  post(
    caller: DeploymentCaller,
    deployment: Deployment,
    posted: readonly PostedSchedule[],
    /** Hears of each as soon as it is done. */
    onOutcome?: (outcome: ScheduleOutcome) => void,
  ): Promise<ScheduleOutcome[]>
  list(tenant: string, deployment: Deployment): Promise<StoredMission[]>
  /** @throws NOT_FOUND */
  get(tenant: string, name: ScheduleName): Promise<StoredMission>
  /** @throws NOT_FOUND, INVALID_PARAMS, QUERY_REJECTED */
  patch(caller: DeploymentCaller, name: ScheduleName, patch: SchedulePatch): Promise<ScheduleOutcome>
  /** The mission ends with the second of its halves; a half that goes first gets the default schedule. @throws NOT_FOUND */
  remove(caller: DeploymentCaller, name: ScheduleName): Promise<void>
}

export function createDeploymentService(deps: DeploymentServiceDeps): DeploymentService {
  return {
    async post(caller, deployment, posted, onOutcome = () => undefined) {
      const outcomes: ScheduleOutcome[] = []
      for (const [i, one] of posted.entries()) {
        const outcome = await putHalf(deps, caller, { deployment, posted: one }).catch((error) => {
          throw blamePosted(toAppError(error), deployment.flow, `/${i}`)
        })
        onOutcome(outcome)
        outcomes.push(outcome)
      }
      return outcomes
    },

    async list(tenant, { flow }) {
      const found: StoredMission[] = []
      for await (const { missions } of everyPage((page) => deps.missions.list(tenant, page), 1_000))
        found.push(...missions.filter(({ document }) => isOfDeployments(document) && document[flow]))
      return found
    },

    get: (tenant, name) => findHalf(deps, tenant, name),

    async patch(caller, name, patch) {
      const { flow } = name.deployment
      return untilNoConflict(async () => {
        const before = await findHalf(deps, caller.tenant, name)
        const document = withHalf(before.document, { flow, posted: patched(before.document, flow, patch), ...deps })
        return put(deps, caller, { document, before }).catch((error) => {
          throw blamePosted(toAppError(error), flow)
        })
      })
    },

    async remove(caller, name) {
      await untilNoConflict(async () => {
        const before = await findHalf(deps, caller.tenant, name)
        const { forecast, detect, ...rest } = before.document
        const other = name.deployment.flow === 'forecast' ? detect && { detect } : forecast && { forecast }
        if (other) await put(deps, caller, { document: { ...rest, ...other }, before })
        else await deps.missions.remove(caller.tenant, before.id, { ifGeneration: before.generation })
      })
    },
  }
}

interface Half {
  readonly deployment: Deployment
  readonly posted: PostedSchedule
}

function putHalf(
  deps: DeploymentServiceDeps,
  caller: DeploymentCaller,
  { deployment: { flow }, posted }: Half,
): Promise<ScheduleOutcome> {
  const id = missionIdOf(posted.parameters)
  // the two halves may be posted at the same instant
  return untilNoConflict(async () => {
    const before = await findMission(deps, caller.tenant, id)
    if (before && before.document.query !== posted.parameters.promql)
      throw invalidPosted('/parameters/promql', `it would become mission "${id}", which watches something else`)
    return put(deps, caller, { document: withHalf(before?.document, { flow, posted, ...deps }), before })
  })
}

async function findMission({ missions }: DeploymentServiceDeps, tenant: string, id: string) {
  try {
    return await missions.get(tenant, id)
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

async function findHalf(
  deps: DeploymentServiceDeps,
  tenant: string,
  { deployment: { flow, name }, scheduleId }: ScheduleName,
): Promise<StoredMission> {
  const [, id] = /^(.+)\.([a-z]+)$/.exec(scheduleId) ?? []
  const mission = id === undefined || scheduleId !== `${id}.${flow}` ? undefined : await findMission(deps, tenant, id)
  if (mission && isOfDeployments(mission.document) && mission.document[flow]) return mission
  throw new AppError('NOT_FOUND', `${name} has no schedule "${scheduleId}"`)
}

function patched(document: MissionDocument, flow: FlowName, patch: SchedulePatch): PostedSchedule {
  const { promql = document.query, ...parameters } = patch.parameters ?? {}
  if (promql !== document.query)
    throw invalidPosted('/parameters/promql', 'it is what names a schedule: post another one')
  return {
    schedule: patch.schedule ?? writtenSchedule(document[flow] ?? {}),
    ...(patch.active !== undefined && { active: patch.active }),
    parameters: { promql, ...parameters },
  }
}

function invalidPosted(pointer: string, detail: string): AppError {
  return new AppError('INVALID_PARAMS', `${pointer}: ${detail}`, { problems: [{ pointer, detail }] })
}

interface Edit {
  readonly document: MissionDocument
  readonly before: StoredMission | undefined
}

function put(
  { missions }: DeploymentServiceDeps,
  { tenant, name }: DeploymentCaller,
  { document, before }: Edit,
): Promise<ScheduleOutcome> {
  const condition = before ? { ifGeneration: before.generation } : { createOnly: true }
  return missions.put(tenant, document, { actor: name, ...condition })
}
