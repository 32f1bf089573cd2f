import { isDeepStrictEqual } from 'node:util'
import type { MissionName } from '../../models/series.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { untilWritten } from '../store/outrun.ts'
import { assertConditions } from '../store/write-conditions.ts'
import { applyChange } from './apply-change.ts'
import { type CheckedQueries, checkQueries } from './check-queries.ts'
import type { PutAnswer, PutOptions } from './contract.ts'
import type { MissionDocument } from './document/document.ts'
import { modelWarnings, withAcceptedModels } from './document/model-check.ts'
import { resolveMission, resolveStored } from './document/resolve.ts'
import type { ResolvedMission } from './document/resolved.ts'
import { assertInstalled, type MissionServiceDeps } from './mission-deps.ts'
import * as edits from './mission-edits.ts'
import { alignSchedules } from './mission-schedules.ts'

export interface PutInput {
  readonly tenant: string
  readonly document: MissionDocument
  readonly options: PutOptions
}

export async function putMission(deps: MissionServiceDeps, input: PutInput): Promise<PutAnswer> {
  const { tenant, document, options } = input
  const name = { tenant, mission: document.id }
  return untilWritten(`mission "${document.id}"`, async () => {
    const before = await deps.missions.get(name)
    if (before) options.accept?.(before.document)
    assertConditions(`mission "${document.id}"`, before, options)
    if (before && sameDocument(before.document, document)) return unchanged(deps, before, options)
    const next = await nextMission(deps, { ...input, before })
    if (options.dryRun)
      return { ...outcomeOf(next, before), warnings: [...modelWarnings(document, deps.settings), ...next.warnings] }
    if (!(await store(deps, next, before))) return undefined
    if (next.check) await deps.health.recordCheck(name, next.check)
    await applyChange(deps, { before, after: next.after, resolved: next.resolved })
    return { ...outcomeOf(next, before), warnings: [...(await warnings(deps, name, document)), ...next.warnings] }
  })
}

async function unchanged(deps: MissionServiceDeps, before: StoredMission, { dryRun }: PutOptions): Promise<PutAnswer> {
  const { tenant, id, document } = before
  const name = { tenant, mission: id }
  // an earlier PUT may have been cut off after it stored the mission
  if (!dryRun) await alignSchedules(deps, name, { mission: before, resolved: resolveStored(before, deps.settings) })
  return { mission: before, outcome: 'unchanged', warnings: await warnings(deps, name, document) }
}

/** False: somebody else was quicker. */
async function store(
  deps: MissionServiceDeps,
  { after }: NextMission,
  before: StoredMission | undefined,
): Promise<boolean> {
  // the store's parser may have taken its time
  await assertInstalled(deps)
  const scored = before ? {} : { scoredFloorMs: edits.firstScorableMs(after) }
  return deps.missions.replace({ mission: after, expected: before?.generation, ...scored })
}

function outcomeOf({ after }: NextMission, before: StoredMission | undefined) {
  return before
    ? ({ mission: after, outcome: 'updated', before: before.document } as const)
    : ({ mission: after, outcome: 'created' } as const)
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
