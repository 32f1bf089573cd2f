import { setImmediate as others } from 'node:timers/promises'
import { parseDuration } from '../../models/duration.ts'
import { AppError, toAppError } from '../../models/errors.ts'
import { floorToStep, type StepRange } from '../../models/series.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import { ownersIn } from '../planning/timeline.ts'
import type { StepOwner } from '../queue/runs.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { BackfillDocument } from './document.ts'
import type { BackfillPart } from './types.ts'
import { firstCursorMs, missionSignature, within } from './units.ts'

/** A mission and how far its store and its schedule reach back. */
export interface PlannedMission {
  readonly mission: StoredMission
  readonly resolved: ResolvedMission
  /** How old samples may be that its store takes; 0: none. */
  readonly reachMs: number
  /** Whether the store takes a band before its time; else detection writes it. */
  readonly futureWrites: boolean
  /** Steps after it are the live detection's. */
  readonly scoredUntilMs?: number
}

export interface BackfillSize {
  readonly missions: number
  /** T's that are forecast. */
  readonly forecasts: number
  /** T's of the range, before `maxForecasts`. */
  readonly ticks: number
  /** Runs of detection. */
  readonly chunks: number
  /** Steps that are scored, or of flow forecast drawn, for every series. */
  readonly steps: number
}

export interface BackfillPlan {
  readonly parts: readonly BackfillPart[]
  readonly size: BackfillSize
}

/** More are no backfill of one piece. */
const maxUnits = 100_000

interface Piece {
  readonly planned: PlannedMission
  readonly range: StepRange
  readonly stepMs: number
  readonly chunkMs?: number
  readonly owners: readonly StepOwner[]
}

/** @throws INVALID_PARAMS naming the field and the mission. */
export async function planBackfill(
  document: BackfillDocument,
  missions: readonly PlannedMission[],
  nowMs: number,
): Promise<BackfillPlan> {
  const asked = { fromMs: Date.parse(document.from), untilMs: Date.parse(document.to) }
  if (asked.untilMs > nowMs) throw invalid('to', `${document.to} lies in the future`)
  const { pieces, unfit } = await piecesOf(document, missions, { asked, nowMs })
  const ticks = pieces.reduce((sum, { owners }) => sum + owners.length, 0)
  const kept = newestOwners(pieces, document.maxForecasts)
  const parts = kept.map((piece) => partOf(piece, document)).filter(({ total }) => total > 0)
  const sizes = kept.map((piece) => sizeOf(piece, document))
  const sum = (count: (size: (typeof sizes)[number]) => number) => sizes.reduce((all, size) => all + count(size), 0)
  const size = {
    ...{ missions: parts.length, ticks, forecasts: sum(({ forecasts }) => forecasts) },
    ...{ chunks: sum(({ chunks }) => chunks), steps: sum(({ steps }) => steps) },
  }
  if (parts.length === 0) throw invalid('from', 'no step of the range is left to do')
  return { parts: [...parts, ...unfit], size }
}

/** Of several missions, those that do not fit end at once with the reason. */
async function piecesOf(document: BackfillDocument, missions: readonly PlannedMission[], asked: Asked) {
  const pieces: Piece[] = []
  const unfit: BackfillPart[] = []
  const errors: unknown[] = []
  let units = 0
  for (const planned of missions) {
    // thousands of T's take a while, and this process has others to answer and to plan
    await others()
    try {
      const piece = pieceOf(document, planned, asked)
      units += unitsOf(piece)
      pieces.push(piece)
    } catch (error) {
      errors.push(error)
      const range = { ...asked.asked, fromMs: asked.asked.untilMs }
      const piece = { planned, range, stepMs: planned.resolved.detectParams.stepMs, owners: [] }
      unfit.push({ ...partOf(piece, document), ended: toAppError(error).message })
    }
    if (units > maxUnits) throw invalid('from', `these are more than ${maxUnits} pieces: take a shorter range`)
  }
  if (pieces.length === 0) throw errors[0]
  return { pieces, unfit }
}

interface Asked {
  readonly asked: StepRange
  readonly nowMs: number
}

function pieceOf({ flow, chunk, from }: BackfillDocument, planned: PlannedMission, { asked, nowMs }: Asked): Piece {
  const { mission, resolved } = planned
  checkReach(planned, flow, { fromMs: asked.fromMs, from, nowMs })
  const { stepMs, detectStepMs } = resolved.detectParams
  const gridMs = flow === 'detect' ? detectStepMs : stepMs
  const eraMs = mission.forecastEras[0]?.ownsFromMs ?? Number.NEGATIVE_INFINITY
  if (eraMs >= asked.untilMs)
    throw invalid(
      'to',
      `mission ${mission.id} had another schedule until ${instant(eraMs)}: its steps stay as they are`,
    )
  const range = {
    fromMs: floorToStep(Math.max(asked.fromMs, eraMs), gridMs),
    untilMs: floorToStep(
      flow === 'forecast' ? asked.untilMs : Math.min(asked.untilMs, scorableMs(planned, nowMs)),
      gridMs,
    ),
  }
  if ((range.untilMs - range.fromMs) / (flow === 'detect' ? resolved.maxExtendMs : resolved.gapMs) > maxUnits)
    throw invalid('from', `${from} is too long ago for a mission that is due every ${resolved.gapMs / 1_000} s`)
  if (flow !== 'detect') return { planned, range, stepMs, owners: ownersIn(mission.forecastEras, range) }
  const chunkMs = Math.max(1, Math.floor((chunk ? parseDuration(chunk) : resolved.maxExtendMs) / gridMs)) * gridMs
  return { planned, range, stepMs: gridMs, chunkMs, owners: [] }
}

/** Steps after it are for the live detection to score. */
function scorableMs({ resolved, scoredUntilMs }: PlannedMission, nowMs: number): number {
  return Math.min(nowMs - resolved.detectParams.evalDelayMs, scoredUntilMs ?? Number.POSITIVE_INFINITY)
}

function checkReach(
  { mission, resolved, reachMs, futureWrites }: PlannedMission,
  flow: BackfillDocument['flow'],
  { fromMs, from, nowMs }: { readonly fromMs: number; readonly from: string; readonly nowMs: number },
): void {
  const store = `datasource ${resolved.datasource} of mission ${mission.id}`
  if (reachMs === 0)
    throw invalid(
      'from',
      `${store} takes no old samples (its setting backfill; Prometheus needs an out-of-order window)`,
    )
  if (nowMs - fromMs > reachMs)
    throw invalid(
      'from',
      `${from}: ${store} takes samples from ${instant(nowMs - reachMs)} on (its setting backfillWindow)`,
    )
  if (flow === 'forecast' && !futureWrites)
    throw invalid('flow', `${store} gets its band from detection, with the scores: use both`)
}

/** The newest so many T's of all missions together. */
function newestOwners(pieces: readonly Piece[], most = Number.POSITIVE_INFINITY): readonly Piece[] {
  const all = pieces.flatMap(({ owners }) => owners.map(({ nominalMs }) => nominalMs)).sort((a, b) => b - a)
  if (all.length <= most) return pieces
  const oldestMs = all[most - 1]!
  let spare = most - all.filter((ms) => ms > oldestMs).length
  return pieces.map((piece) => {
    const owners = piece.owners.filter(
      ({ nominalMs }) => nominalMs > oldestMs || (nominalMs === oldestMs && spare-- > 0),
    )
    const fromMs = owners[0] ? Math.max(piece.range.fromMs, owners[0].owned.fromMs) : piece.range.untilMs
    return { ...piece, owners, range: { ...piece.range, fromMs } }
  })
}

function unitsOf({ owners, range, chunkMs }: Piece): number {
  return chunkMs === undefined ? owners.length : Math.max(0, Math.ceil((range.untilMs - range.fromMs) / chunkMs))
}

function sizeOf(piece: Piece, { flow }: BackfillDocument) {
  const { detectStepMs } = piece.planned.resolved.detectParams
  const { owners, range, stepMs } = piece
  const covered = flow === 'detect' ? [range] : owners.map(({ owned }) => within(owned, range))
  const writtenMs = covered.reduce((sum, { fromMs, untilMs }) => sum + Math.max(0, untilMs - fromMs), 0)
  return {
    forecasts: owners.length,
    chunks: flow === 'forecast' ? 0 : unitsOf(piece),
    steps: Math.round(writtenMs / (flow === 'forecast' ? stepMs : detectStepMs)),
  }
}

function partOf(piece: Piece, { order }: BackfillDocument): BackfillPart {
  const { planned, range, stepMs, chunkMs } = piece
  const { mission, resolved } = planned
  return {
    ...{ mission: mission.id, signature: missionSignature(mission, resolved), range, stepMs },
    ...(chunkMs !== undefined && { chunkMs }),
    ...{ cursorMs: firstCursorMs(range, order), total: unitsOf(piece), handedOut: 0 },
  }
}

const instant = (ms: number): string => new Date(ms).toISOString()

export function invalid(field: string, detail: string): AppError {
  return new AppError('INVALID_PARAMS', `${field}: ${detail}`, { problems: [{ pointer: `/${field}`, detail }] })
}
