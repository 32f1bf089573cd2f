import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { maxWrites, outrun } from '../store/outrun.ts'
import { applyChange } from './apply-change.ts'
import { type CheckedQueries, checkQueries } from './check-queries.ts'
import type { PutAnswer, PutOptions } from './contract.ts'
import type { MissionDocument } from './document/document.ts'
import { modelWarnings, withAcceptedModels } from './document/model-check.ts'
import { resolveMission, resolveStored } from './document/resolve.ts'
import type { ResolvedMission } from './document/resolved.ts'
import { assertInstalled, busy, type MissionServiceDeps } from './mission-deps.ts'
import * as edits from './mission-edits.ts'
import { alignSchedules } from './mission-schedules.ts'

export interface PutInput {
  readonly tenant: string
  readonly document: MissionDocument
  readonly options: PutOptions
}

export async function putMission(
  deps: MissionServiceDeps,
  { tenant, document, options }: PutInput,
): Promise<PutAnswer> {
  const name = { tenant, mission: document.id }
  for (let i = 0; i < maxWrites; i++) {
    const before = await deps.missions.get(name)
    checkPreconditions(name, before, options)
    if (before && sameDocument(before.document, document)) {
      // an earlier PUT may have been cut off after it stored the mission
      await alignSchedules(deps, name, { mission: before, resolved: resolveStored(before, deps.settings) })
      return { mission: before, outcome: 'unchanged', warnings: await warnings(deps, name, document) }
    }
    const { after, resolved, check, warnings: found } = await nextMission(deps, { tenant, document, options, before })
    // the store's parser may have taken its time
    await assertInstalled(deps)
    const scored = before ? {} : { scoredFloorMs: edits.firstScorableMs(after) }
    if (!(await deps.missions.replace({ mission: after, expected: before?.generation, ...scored }))) {
      await outrun(i)
      continue
    }
    if (check) await deps.health.recordCheck(name, check)
    await applyChange(deps, { before, after, resolved })
    const said = [...(await warnings(deps, name, document)), ...found]
    return { mission: after, outcome: before ? 'updated' : 'created', warnings: said }
  }
  throw busy(name)
}

async function warnings(
  { health, settings }: MissionServiceDeps,
  name: MissionName,
  document: MissionDocument,
): Promise<string[]> {
  const { unchecked } = await health.get(name)
  const query = unchecked ? [`the query is not checked, its first run will: ${unchecked.reason}`] : []
  return [...query, ...modelWarnings(document, settings)]
}

function checkPreconditions(
  { mission }: MissionName,
  before: StoredMission | undefined,
  { createOnly, ifGeneration }: Pick<PutOptions, 'createOnly' | 'ifGeneration'>,
): void {
  if (createOnly && before) throw new AppError('CONFLICT', `mission "${mission}" exists`)
  if (ifGeneration === undefined || before?.generation === ifGeneration) return
  const found = before ? `has generation ${before.generation}` : 'does not exist'
  throw new AppError('CONFLICT', `mission "${mission}" ${found}, not ${ifGeneration}`)
}

function sameDocument(a: MissionDocument, b: MissionDocument): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)))
}

interface NextMission extends CheckedQueries {
  readonly after: StoredMission
  readonly resolved: ResolvedMission
}

async function nextMission(
  deps: MissionServiceDeps,
  { tenant, document, options, before }: PutInput & { readonly before: StoredMission | undefined },
): Promise<NextMission> {
  const { settings, clock } = deps
  const nowMs = clock.now()
  const createdMs = before?.createdMs ?? nowMs
  const resolved = resolveMission(
    { tenant, document, createdMs },
    withAcceptedModels(settings, before?.document),
    nowMs,
  )
  const checked = await checkQueries(deps, { tenant, resolved, before })
  const edit = { document, resolved, actor: options.actor, nowMs }
  return {
    after: before ? edits.editedMission(before, edit) : edits.createdMission(tenant, { ...edit, createdMs }),
    resolved,
    ...checked,
  }
}
