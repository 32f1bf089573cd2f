import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../models/errors.ts'
import { resolveStored } from '../missions/document/resolve.ts'
import type { MissionSettings } from '../missions/document/resolved.ts'
import { assertInstalled } from '../missions/mission-deps.ts'
import type { Clock } from '../process/clock.ts'
import { matchesLabels, parseLabelSelector, selectorHint } from '../schedules/label-selector.ts'
import type { BackfillPage, BackfillStore } from '../store/backfills/backfill-store.ts'
import type { MarksStore } from '../store/missions/marks-store.ts'
import type { MissionStore } from '../store/missions/mission-store.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { untilWritten } from '../store/outrun.ts'
import { everyPage } from '../store/pages.ts'
import type { BackfillDocument } from './document.ts'
import { type BackfillPlan, type BackfillSize, invalid, type PlannedMission, planBackfill } from './plan.ts'
import { type Backfill, type BackfillKey, isOver, settledOf, unitsInHand } from './types.ts'

export interface BackfillServiceDeps {
  readonly backfills: BackfillStore
  readonly missions: Pick<MissionStore, 'get' | 'list'>
  readonly marks: Pick<MarksStore, 'get'>
  readonly settings: MissionSettings
  readonly clock: Clock
  readonly installed?: () => Promise<boolean>
  /** @throws STORE_UNAVAILABLE while the store has not said what it is. */
  backfillReachMs(datasource: string): Promise<number>
  /** Whether its store takes a band before its time. @throws as `backfillReachMs`. */
  futureWrites(tenant: string, datasource: string): Promise<boolean>
}

export interface CreateBackfill {
  readonly tenant: string
  readonly document: BackfillDocument
  readonly actor: string
}

export interface BackfillPause {
  readonly reason: string
  readonly actor: string
}

/** All of it throws REDIS_UNAVAILABLE while Redis is being filled, and NOT_FOUND also for another tenant's. */
export interface BackfillService {
  /** @throws INVALID_PARAMS naming the field; CONFLICT where the id has another document; UNSUPPORTED. */
  create(asked: CreateBackfill): Promise<{ readonly backfill: Backfill; readonly outcome: 'created' | 'unchanged' }>
  /** How much it would be; nothing is stored. @throws as `create`. */
  measure(asked: CreateBackfill): Promise<BackfillSize>
  get(key: BackfillKey): Promise<Backfill>
  list(tenant: string, options: { readonly limit: number; readonly cursor?: string }): Promise<BackfillPage>
  /** Runs at work go on. @throws CONFLICT for one that is over. */
  pause(key: BackfillKey, pause: BackfillPause): Promise<Backfill>
  /** @throws CONFLICT for one that is over. */
  resume(key: BackfillKey): Promise<Backfill>
  /** What is in the queue ends by itself. @throws CONFLICT for one that is finished. */
  cancel(key: BackfillKey): Promise<Backfill>
  /** @throws CONFLICT for one that is not over. */
  remove(key: BackfillKey): Promise<void>
}

const maxMissions = 1_000
const missionsPerRead = 500

export function createBackfillService(deps: BackfillServiceDeps): BackfillService {
  const { backfills, clock } = deps

  async function get(key: BackfillKey): Promise<Backfill> {
    await assertInstalled(deps)
    const backfill = await backfills.get(key)
    if (!backfill) throw new AppError('NOT_FOUND', `no backfill "${key.id}"`)
    return backfill
  }

  async function change(key: BackfillKey, verb: string, next: (before: Backfill, nowMs: number) => Backfill) {
    return untilWritten(`backfill "${key.id}"`, async () => {
      const before = await get(key)
      if (isOver(before)) throw new AppError('CONFLICT', `backfill "${key.id}" is ${before.state}: nothing to ${verb}`)
      const nowMs = clock.now()
      const after = next(before, nowMs)
      if (after === before) return before
      const written = { ...after, updatedMs: nowMs, revision: before.revision + 1 }
      return (await backfills.replace(written)) ? written : undefined
    })
  }

  return {
    get,

    async create(asked) {
      await assertInstalled(deps)
      const { tenant } = asked
      const nowMs = clock.now()
      const document = { ...asked.document, id: asked.document.id ?? `bf-${nowMs.toString(36)}` }
      const known = await backfills.get({ tenant, id: document.id })
      if (known) return { backfill: sameOrConflict(known, document), outcome: 'unchanged' }
      const { parts } = await plan(deps, asked)
      const backfill = newBackfill({ ...asked, document }, parts, nowMs)
      if (await backfills.replace(backfill)) return { backfill, outcome: 'created' }
      const other = await backfills.get({ tenant, id: document.id })
      if (!other) throw new AppError('CONFLICT', unreadable(document.id))
      return { backfill: sameOrConflict(other, document), outcome: 'unchanged' }
    },

    async measure(asked) {
      await assertInstalled(deps)
      return (await plan(deps, asked)).size
    },

    async list(tenant, options) {
      await assertInstalled(deps)
      return backfills.list(tenant, options)
    },

    pause: (key, { reason, actor }) =>
      change(key, 'pause', (before, nowMs) =>
        before.state === 'running'
          ? { ...before, state: 'paused', pause: { reason, actor, automatic: false, sinceMs: nowMs } }
          : before,
      ),

    resume: (key) =>
      change(key, 'resume', ({ pause, ...before }, nowMs) => {
        if (before.state !== 'paused') return pause ? { ...before, pause } : before
        const pace = { sinceMs: nowMs, settled: settledOf(before) }
        return { ...before, state: 'running', failedInRow: 0, pace }
      }),

    cancel: (key) =>
      change(key, 'cancel', (before) => ({
        ...before,
        state: unitsInHand(before).length > 0 ? 'cancelling' : 'cancelled',
      })),

    async remove(key) {
      const backfill = await get(key)
      if (!isOver(backfill))
        throw new AppError('CONFLICT', `backfill "${key.id}" is ${backfill.state}: cancel it first`)
      await backfills.remove(key)
    },
  }
}

function sameOrConflict(known: Backfill, document: Backfill['document']): Backfill {
  if (isDeepStrictEqual(plain(known.document), plain(document))) return known
  throw new AppError('CONFLICT', `backfill "${known.id}" exists with another document: choose another id`)
}

/** It was there when ours was to be written. */
const unreadable = (id: string): string =>
  `a backfill "${id}" is stored that this release cannot read (or it was deleted just now): choose another id`

const plain = (document: BackfillDocument): unknown => JSON.parse(JSON.stringify(document))

function newBackfill(
  { tenant, document, actor }: CreateBackfill & { readonly document: Backfill['document'] },
  parts: Backfill['parts'],
  nowMs: number,
): Backfill {
  return {
    ...{ tenant, id: document.id, document, actor, createdMs: nowMs, updatedMs: nowMs, revision: 1 },
    ...{ state: 'running', parts, active: [], pending: [] },
    ...{ done: 0, failed: 0, skipped: {}, failures: [], failedInRow: 0 },
    pace: { sinceMs: nowMs, settled: 0 },
  }
}

async function plan(deps: BackfillServiceDeps, { tenant, document }: CreateBackfill): Promise<BackfillPlan> {
  if (document.reprocess === 'all')
    throw new AppError(
      'UNSUPPORTED',
      'reprocess all: what is published stays as it is; use none or failed, or mission trigger --recompute for the T in force',
      { problems: [{ pointer: '/reprocess', detail: 'use none or failed' }] },
    )
  const missions = await selectMissions(deps, tenant, document)
  return planBackfill(document, await Promise.all(missions.map((mission) => planned(deps, mission))), deps.clock.now())
}

async function planned(deps: BackfillServiceDeps, mission: StoredMission): Promise<PlannedMission> {
  const { tenant, id } = mission
  const resolved = resolveStored(mission, deps.settings)
  const [reachMs, futureWrites, marks] = await Promise.all([
    deps.backfillReachMs(resolved.datasource),
    deps.futureWrites(tenant, resolved.datasource),
    deps.marks.get({ tenant, mission: id }),
  ])
  const { scoredUntilMs } = marks ?? {}
  return { mission, resolved, reachMs, futureWrites, ...(scoredUntilMs !== undefined && { scoredUntilMs }) }
}

async function selectMissions(
  { missions }: BackfillServiceDeps,
  tenant: string,
  { mission: id, labels }: BackfillDocument,
): Promise<StoredMission[]> {
  if (id !== undefined) {
    const mission = await missions.get({ tenant, mission: id })
    if (!mission) throw invalid('mission', `no mission "${id}"`)
    return [mission]
  }
  const matches = parseLabelSelector(labels ?? '')
  if (!matches) throw invalid('labels', `${labels}: ${selectorHint}`)
  const found: StoredMission[] = []
  for await (const page of everyPage((asked) => missions.list(tenant, asked), missionsPerRead))
    found.push(...page.missions.filter(({ document }) => matchesLabels(document.labels, matches)))
  if (found.length === 0) throw invalid('labels', `no mission bears ${labels}`)
  if (found.length > maxMissions)
    throw invalid('labels', `${found.length} missions bear ${labels}, more than ${maxMissions}`)
  return found
}
