import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import { maxWrites, outrun } from '../store/outrun.ts'
import type { StoredMission } from '../store/types.ts'
import { applyChange } from './apply-change.ts'
import type { MissionDocument } from './document/document.ts'
import { withAcceptedModels } from './document/model-check.ts'
import { resolveMission, resolveStored } from './document/resolve.ts'
import type { ResolvedMission } from './document/resolved.ts'
import { assertInstalled, busy, type MissionServiceDeps } from './mission-deps.ts'
import * as edits from './mission-edits.ts'
import { alignSchedules } from './mission-schedules.ts'
import type { PutOptions, PutOutcome } from './types.ts'

export interface PutInput {
  readonly tenant: string
  readonly document: MissionDocument
  readonly options: PutOptions
}

export async function putMission(
  deps: MissionServiceDeps,
  { tenant, document, options }: PutInput,
): Promise<{ mission: StoredMission; outcome: PutOutcome }> {
  const name = { tenant, mission: document.id }
  for (let i = 0; i < maxWrites; i++) {
    const before = await deps.missions.get(name)
    checkPreconditions(name, before, options)
    if (before && sameDocument(before.document, document)) {
      // an earlier PUT may have been cut off after it stored the mission
      await alignSchedules(deps, name, { mission: before, resolved: resolveStored(before, deps.settings) })
      return { mission: before, outcome: 'unchanged' }
    }
    const { after, resolved } = await nextMission(deps, { tenant, document, options, before })
    // the store's parser may have taken its time
    await assertInstalled(deps)
    const scored = before ? {} : { scoredFloorMs: edits.firstScorableMs(after) }
    if (!(await deps.missions.replace({ mission: after, expected: before?.generation, ...scored }))) {
      await outrun(i)
      continue
    }
    await applyChange(deps, { before, after, resolved })
    return { mission: after, outcome: before ? 'updated' : 'created' }
  }
  throw busy(name)
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

async function nextMission(
  { settings, clock, checkQuery }: MissionServiceDeps,
  { tenant, document, options, before }: PutInput & { readonly before: StoredMission | undefined },
): Promise<{ after: StoredMission; resolved: ResolvedMission }> {
  const nowMs = clock.now()
  const createdMs = before?.createdMs ?? nowMs
  const resolved = resolveMission(
    { tenant, document, createdMs },
    withAcceptedModels(settings, before?.document),
    nowMs,
  )
  if (before?.scopeKey !== resolved.forecastParams.scopeKey) await assertParses(checkQuery, resolved)
  const edit = { document, resolved, actor: options.actor, nowMs }
  return {
    after: before ? edits.editedMission(before, edit) : edits.createdMission(tenant, { ...edit, createdMs }),
    resolved,
  }
}

/** A store that cannot answer now is no reason to refuse a mission; its own parser's refusal is. */
async function assertParses(
  checkQuery: MissionServiceDeps['checkQuery'],
  { datasource, forecastParams: { query } }: ResolvedMission,
): Promise<void> {
  try {
    await checkQuery(datasource, query)
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'QUERY_REJECTED') throw error
  }
}
