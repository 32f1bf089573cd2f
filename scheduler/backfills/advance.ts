import { toAppError } from '../../models/errors.ts'
import type { ForecastCache } from '../../tasks/deps.ts'
import { resolveStored } from '../missions/document/resolve.ts'
import type { MissionSettings, ResolvedMission } from '../missions/document/resolved.ts'
import type { Clock } from '../process/clock.ts'
import type { EnqueueRequest, RunQueue } from '../queue/runs.ts'
import type { BackfillStore } from '../store/backfills/backfill-store.ts'
import type { MissionStore } from '../store/missions/mission-store.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { systemActor } from '../store/pause.ts'
import { type JudgeDeps, judgeUnit } from './judge-unit.ts'
import { retireForecasts } from './retire-forecasts.ts'
import { settleUnit, skip, unitState } from './settle-units.ts'
import { type ActiveUnit, type Backfill, type BackfillPart, type BackfillUnit, unitsInHand } from './types.ts'
import { unitRun, unitRunId } from './unit-run.ts'
import { handOut, missionSignature, nextUnit } from './units.ts'

export interface AdvanceDeps extends JudgeDeps {
  readonly cache: Pick<ForecastCache, 'list' | 'retire'>
  readonly backfills: Pick<BackfillStore, 'replace' | 'hold'>
  readonly missions: Pick<MissionStore, 'get'>
  readonly queue: RunQueue
  readonly settings: MissionSettings
  readonly clock: Clock
  backfillReachMs(datasource: string): Promise<number>
}

interface LiveMission {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
}

/** Missions by id as they are now, or why their part ends. */
type Missions = ReadonlyMap<string, LiveMission | { readonly ended: string }>

/** Pieces that need no run are many: a pass ends after so many of them. */
const looksPerPass = 500
const pausesAfter = 10

/**
 * One step of a backfill: counts the runs that have ended and puts the next ones in the queue. What it decides is
 * stored before a run is enqueued, and run ids follow from the piece: whoever goes on after a crash enqueues what was
 * not, and nothing twice. False when somebody else changed the backfill meanwhile.
 */
export async function advanceBackfill(deps: AdvanceDeps, before: Backfill): Promise<boolean> {
  const missions = await liveMissions(deps, before)
  let backfill = before
  for (const unit of before.active) backfill = settleUnit(backfill, unit, await unitState(deps, unit))
  const atWork = new Set(backfill.active)
  backfill = stopFailing(dropVain(endParts(backfill, missions), missions), deps.clock.now())
  if (backfill.state === 'running') backfill = await fill(deps, backfill, await heldMissions(deps, before, missions))
  backfill = conclude(backfill, missions)
  if (backfill !== before) {
    const updatedMs = deps.clock.now()
    backfill = { ...backfill, updatedMs, revision: before.revision + 1 }
    if (!(await deps.backfills.replace(backfill))) return false
    await retireForecasts(deps.cache, before, backfill)
  }
  const fresh = backfill.active.filter((unit) => !atWork.has(unit))
  await deps.queue.enqueue(fresh.flatMap((unit) => requestOf(deps, backfill, { unit, missions })))
  return true
}

/** Those that no other backfill is at work on: what that one has written may not be visible yet. */
async function heldMissions({ backfills }: AdvanceDeps, backfill: Backfill, missions: Missions): Promise<Missions> {
  const held = await backfills.hold(backfill, [...missions.keys()])
  return new Map([...missions].filter(([id]) => held.has(id)))
}

async function liveMissions(deps: AdvanceDeps, backfill: Backfill): Promise<Missions> {
  const { tenant, parts } = backfill
  const ids = new Set([
    ...parts.filter((part) => part.ended === undefined && part.handedOut < part.total).map(({ mission }) => mission),
    ...unitsInHand(backfill).map(({ mission }) => mission),
  ])
  const missions = new Map<string, LiveMission | { readonly ended: string }>()
  for (const id of ids) {
    const signature = parts.find(({ mission }) => mission === id)?.signature
    missions.set(id, await liveMission(deps, { tenant, id, signature }))
  }
  return missions
}

async function liveMission(
  { missions, settings }: AdvanceDeps,
  { tenant, id, signature }: { readonly tenant: string; readonly id: string; readonly signature: string | undefined },
): Promise<LiveMission | { readonly ended: string }> {
  try {
    const mission = await missions.get({ tenant, mission: id })
    if (!mission) return { ended: 'the mission was deleted' }
    const resolved = resolveStored(mission, settings)
    return missionSignature(mission, resolved) === signature
      ? { mission, resolved }
      : { ended: 'the mission was edited: its band is another one' }
  } catch (error) {
    const { code, message } = toAppError(error)
    if (code === 'REDIS_UNAVAILABLE') throw error
    return { ended: message }
  }
}

function endParts(backfill: Backfill, missions: Missions): Backfill {
  let ended = backfill
  const parts = backfill.parts.map((part) => {
    const live = missions.get(part.mission)
    if (part.ended !== undefined || !live || !('ended' in live) || part.handedOut >= part.total) return part
    ended = skip(ended, live.ended, part.total - part.handedOut)
    return { ...part, ended: live.ended }
  })
  return ended === backfill ? backfill : { ...ended, parts }
}

/** Begun pieces of which nothing more comes. */
function dropVain(backfill: Backfill, missions: Missions): Backfill {
  let left = backfill
  for (const unit of backfill.pending) {
    const live = missions.get(unit.mission)
    const isCancelled = backfill.state === 'cancelling'
    const reason = isCancelled ? 'the backfill was cancelled' : live && 'ended' in live ? live.ended : undefined
    if (reason === undefined) continue
    left = skip({ ...left, pending: left.pending.filter((other) => other !== unit) }, reason)
  }
  return left
}

/** A store that is away would make failures of all that is left. */
function stopFailing(backfill: Backfill, nowMs: number): Backfill {
  if (backfill.state !== 'running' || backfill.failedInRow < pausesAfter) return backfill
  const last = backfill.failures[0]
  const reason = `${backfill.failedInRow} runs failed one after the other, the last with ${last?.code}: ${last?.message}`
  return { ...backfill, state: 'paused', pause: { reason, actor: systemActor, automatic: true, sinceMs: nowMs } }
}

async function fill(deps: AdvanceDeps, before: Backfill, missions: Missions): Promise<Backfill> {
  let backfill = handOutPending(before, missions)
  for (let looked = 0; looked < looksPerPass && backfill.active.length < backfill.document.maxActive; looked++) {
    const next = nextPiece(backfill, missions)
    if (!next) return backfill
    const { part, unit, live } = next
    const verdict = await judge(deps, backfill, { unit, live })
    const { order } = backfill.document
    const parts = backfill.parts.map((other) => (other === part ? handOut(part, unit, order) : other))
    backfill = { ...backfill, parts }
    if ('skip' in verdict) backfill = skip(backfill, verdict.skip)
    else {
      const begun = { mission: part.mission, stage: verdict.stage }
      const runId = unitRunId(backfill, begun, unit)
      backfill = { ...backfill, active: [...backfill.active, { ...unit, ...begun, runId }] }
    }
  }
  return backfill
}

function handOutPending(backfill: Backfill, missions: Missions): Backfill {
  const { document, active, pending } = backfill
  const next = pending.filter(({ mission }) => missions.has(mission)).slice(0, document.maxActive - active.length)
  if (next.length === 0) return backfill
  return { ...backfill, active: [...active, ...next], pending: pending.filter((unit) => !next.includes(unit)) }
}

interface Piece {
  readonly part: BackfillPart
  readonly unit: BackfillUnit
  readonly live: LiveMission
}

/** Of all missions the newest piece, or the oldest. */
function nextPiece({ parts, document: { order } }: Backfill, missions: Missions): Piece | undefined {
  let best: Piece | undefined
  for (const part of parts) {
    const live = missions.get(part.mission)
    if (!live || 'ended' in live) continue
    const unit = nextUnit(part, live.mission.forecastEras, order)
    if (unit && (!best || isBefore(unit, best.unit, order))) best = { part, unit, live }
  }
  return best
}

const isBefore = (a: BackfillUnit, b: BackfillUnit, order: 'newest' | 'oldest'): boolean =>
  order === 'newest' ? a.nominalMs > b.nominalMs : a.nominalMs < b.nominalMs

async function judge(
  deps: AdvanceDeps,
  { document }: Backfill,
  { unit, live }: { readonly unit: BackfillUnit; readonly live: LiveMission },
) {
  const reachMs = await deps.backfillReachMs(live.resolved.datasource)
  if (deps.clock.now() - unit.window.fromMs > reachMs) return { skip: 'its store takes no samples that old any more' }
  return judgeUnit(deps, document, { mission: live.mission, unit })
}

function requestOf(
  { clock }: AdvanceDeps,
  backfill: Backfill,
  { unit, missions }: { readonly unit: ActiveUnit; readonly missions: Missions },
): EnqueueRequest[] {
  const live = missions.get(unit.mission)
  return live && !('ended' in live) ? [unitRun(backfill, unit, { ...live, nowMs: clock.now() })] : []
}

function conclude(backfill: Backfill, missions: Missions): Backfill {
  if (unitsInHand(backfill).length > 0) return backfill
  if (backfill.state === 'cancelling') return { ...backfill, state: 'cancelled' }
  return backfill.state === 'running' && !nextPiece(backfill, missions) ? { ...backfill, state: 'finished' } : backfill
}
