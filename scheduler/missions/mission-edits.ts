import { isDeepStrictEqual } from 'node:util'
import { floorToStep } from '../../models/series.ts'
import { previousTick } from '../planning/schedule-spec.ts'
import { editEras, firstEra, ownedRange, ticksFromOwnerOfNow } from '../planning/timeline.ts'
import type { MissionPause, StoredMission } from '../store/missions/stored-mission.ts'
import { isAutomatic, isPauseOn, type Pause } from '../store/pause.ts'
import type { MissionDocument } from './document/document.ts'
import type { ResolvedMission } from './document/resolved.ts'

interface Edit {
  readonly document: MissionDocument
  readonly resolved: ResolvedMission
  readonly actor: string
  readonly nowMs: number
}

export function createdMission(tenant: string, edit: Edit & { readonly createdMs: number }): StoredMission {
  const { document, resolved, nowMs, createdMs } = edit
  const { bandKey, scopeKey, stepMs } = resolved.forecastParams
  const pause = pauseAfter(undefined, edit, false)
  return {
    ...{ tenant, id: document.id, document, createdMs, updatedMs: nowMs, generation: 1 },
    ...{ bandKey, scopeKey, scopeSinceMs: createdMs },
    forecastEras: [firstEra(resolved.forecastSpec, stepMs)],
    detectSpec: resolved.detectSpec,
    ...(pause && { pause }),
  }
}

/** What an edit makes of a mission: eras go on, a new scope begins now, fields that only judge change nothing else. */
export function editedMission(stored: StoredMission, edit: Edit): StoredMission {
  const { document, resolved, nowMs } = edit
  const { pause: before, ...mission } = stored
  const { bandKey, scopeKey, stepMs } = resolved.forecastParams
  const pause = pauseAfter(before, edit, asksOtherwise(stored.document, document))
  return {
    ...mission,
    ...{ document, bandKey, scopeKey, updatedMs: nowMs, generation: stored.generation + 1 },
    scopeSinceMs: scopeKey === stored.scopeKey ? stored.scopeSinceMs : nowMs,
    forecastEras: editEras(stored.forecastEras, { spec: resolved.forecastSpec, stepMs }, nowMs),
    detectSpec: resolved.detectSpec,
    ...(pause && { pause }),
  }
}

function asksOtherwise(a: MissionDocument, b: MissionDocument): boolean {
  return a.query !== b.query || !isDeepStrictEqual(a.covariates?.queries, b.covariates?.queries)
}

/** `paused` of the document counts where it is written; another query ends a pause that the old one was the reason for. */
function pauseAfter(before: MissionPause | undefined, edit: Edit, queryChanged: boolean): MissionPause | undefined {
  const { document, actor, nowMs } = edit
  if (document.paused === false) return undefined
  if (document.paused === true)
    return before ?? { reason: 'paused in its document', actor, automatic: false, sinceMs: nowMs }
  return before && isAutomatic(before) && queryChanged ? undefined : before
}

/** A pause or its end beside the document. What the document says about it follows, so that applying it again acts. */
export function withPause(stored: StoredMission, pause: MissionPause | undefined, nowMs: number): StoredMission {
  const { pause: _, ...mission } = stored
  const { document } = stored
  return {
    ...mission,
    document: document.paused === undefined ? document : { ...document, paused: pause !== undefined },
    updatedMs: nowMs,
    generation: stored.generation + 1,
    ...(pause && { pause }),
  }
}

export function isPaused({ pause }: { readonly pause?: Pick<Pause, 'untilMs'> }, nowMs: number): boolean {
  return isPauseOn(pause, nowMs)
}

/** True when the T's from the owner of now on must be forecast (again): another band, other T's, or no runs until now. */
export function needsFirstRuns(before: StoredMission | undefined, after: StoredMission, nowMs: number): boolean {
  if (isPaused(after, nowMs)) return false
  return (
    !before || before.bandKey !== after.bandKey || before.forecastEras !== after.forecastEras || isPaused(before, nowMs)
  )
}

/**
 * The T that owned the present step when a mission was created: its first forecast. Earlier T's are the registration
 * backfill's: nobody asks for them, so the band of a new mission begins with the steps of this one.
 */
export function firstNominalMs({ forecastEras, createdMs }: StoredMission): number | undefined {
  return ticksFromOwnerOfNow(forecastEras, createdMs)[0]
}

/** Last instant before the first step that a new mission scores: that of its first T. */
export function firstScorableMs(mission: StoredMission): number {
  const { forecastEras, createdMs } = mission
  const inForce = firstNominalMs(mission)
  return (inForce === undefined ? undefined : ownedRange(forecastEras, inForce)?.fromMs) ?? createdMs
}

/** E of the last detect T at or before `atMs`: what a pause until then leaves unscored. */
export function lastEvaluatedMs({ detectSpec, detectParams }: ResolvedMission, atMs: number): number | undefined {
  const tick = previousTick(detectSpec, atMs)
  return tick === undefined ? undefined : floorToStep(tick - detectParams.evalDelayMs, detectParams.detectStepMs)
}

/** Where scoring goes on after a pause that ended by itself; undefined without one. */
export function scoredAfterPauseMs(
  mission: StoredMission,
  resolved: ResolvedMission,
  nowMs: number,
): number | undefined {
  const endedMs = mission.pause?.untilMs
  return endedMs === undefined || endedMs > nowMs ? undefined : lastEvaluatedMs(resolved, endedMs)
}
