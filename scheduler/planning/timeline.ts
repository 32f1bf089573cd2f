import { isDeepStrictEqual } from 'node:util'
import { floorToStep, type StepRange } from '../../models/series.ts'
import type { StepOwner } from '../queue/runs.ts'
import { nextTick, previousTick } from './schedule-spec.ts'
import type { ScheduleEra, ScheduleSpec } from './types.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** Eras whose last step is older than this are forgotten. */
const keepErasMs = 48 * hourMs

/** How long before its first step a forecast run is due: 10 minutes, at least two steps. */
export function leadMs(stepMs: number): number {
  return Math.max(10 * minuteMs, 2 * stepMs)
}

/** Steps ahead that survive a forecast pool that is away for four hours; at least 64. */
export function defaultHorizon({ gapMs, stepMs }: { gapMs: number; stepMs: number }): number {
  return Math.max(64, Math.ceil((gapMs + leadMs(stepMs) + 4 * hourMs) / stepMs))
}

export function firstEra(spec: ScheduleSpec, stepMs: number): ScheduleEra {
  return { spec, stepMs, leadMs: leadMs(stepMs), firstMs: undefined, ownsFromMs: undefined }
}

/** The steps that the forecast run at T owns; undefined when T is no tick or owns none. Of two ranges, the later. */
export function ownedRange(eras: readonly ScheduleEra[], nominalMs: number): StepRange | undefined {
  return ownedRanges(eras, nominalMs).at(-1)
}

/**
 * All ranges of T, oldest first: one, or two when an edit made an earlier T of the old schedule the first of the new
 * one (hourly to every 2 h at half past an odd hour). Ranges that touch are one.
 */
export function ownedRanges(eras: readonly ScheduleEra[], nominalMs: number): StepRange[] {
  const ranges: StepRange[] = []
  for (const span of spansOf(eras)) {
    if (!isTick(span, nominalMs)) continue
    const range = rangeWithin(span, nominalMs)
    if (range) appendRange(ranges, range)
  }
  return ranges
}

/** Owners of the steps in a range, oldest step first; every step that has an owner is in exactly one of the ranges. */
export function ownersIn(eras: readonly ScheduleEra[], { fromMs, untilMs }: StepRange): StepOwner[] {
  const owners: StepOwner[] = []
  for (const owner of ownersAfter(eras, fromMs)) {
    if (owner.owned.fromMs >= untilMs) break
    owners.push(owner)
  }
  return owners
}

/** Every T from the owner of now up to now: what first runs forecast, oldest first. */
export function ticksFromOwnerOfNow(eras: readonly ScheduleEra[], nowMs: number): number[] {
  const ticks = new Set<number>()
  const stepMs = eras.at(-1)?.stepMs ?? minuteMs
  for (const { nominalMs } of ownersAfter(eras, floorToStep(nowMs, stepMs) - 1)) {
    if (nominalMs > nowMs) break
    ticks.add(nominalMs)
  }
  return [...ticks].sort((a, b) => a - b)
}

/** Steps of a join at the present step J: from J on, up to those of the first tick run after J; none without a run in force. */
export function joinRange(eras: readonly ScheduleEra[], atMs: number): StepRange {
  const stepMs = eras.at(-1)?.stepMs ?? minuteMs
  const firstMs = floorToStep(atMs, stepMs)
  const fromMs = firstMs - stepMs
  let untilMs = fromMs
  for (const { nominalMs, owned } of ownersAfter(eras, fromMs)) {
    if (nominalMs > firstMs) break
    untilMs = floorToStep(owned.untilMs, stepMs)
  }
  return { fromMs, untilMs }
}

/**
 * The eras after an edit at `nowMs`: the old schedule owns to the boundary of its latest T, the new one from there on,
 * beginning with its own latest T. The same eras when nothing about time changed.
 */
export function editEras(
  eras: readonly ScheduleEra[],
  { spec, stepMs }: { readonly spec: ScheduleSpec; readonly stepMs: number },
  nowMs: number,
): readonly ScheduleEra[] {
  const old = eras.at(-1)
  if (!old) return [firstEra(spec, stepMs)]
  if (old.stepMs === stepMs && isDeepStrictEqual(old.spec, spec)) return eras
  const ownsFromMs = Math.max(boundaryAt(old, nowMs), old.ownsFromMs ?? Number.NEGATIVE_INFINITY)
  const firstMs = previousTick(spec, nowMs) ?? nextTick(spec, nowMs)
  const era = { spec, stepMs, leadMs: leadMs(stepMs), firstMs, ownsFromMs }
  const kept = old.ownsFromMs !== undefined && ownsFromMs <= old.ownsFromMs ? eras.slice(0, -1) : eras
  return pruneEras([...kept, era], nowMs)
}

function pruneEras(eras: readonly ScheduleEra[], nowMs: number): readonly ScheduleEra[] {
  return eras.filter((_, i) => (eras[i + 1]?.ownsFromMs ?? nowMs) > nowMs - keepErasMs)
}

/** Last step of the latest T at or before `nowMs`. */
function boundaryAt(era: ScheduleEra, nowMs: number): number {
  const tick = previousTick(era.spec, nowMs)
  return floorToStep(tick === undefined ? nowMs : followingTick(era.spec, tick) + era.leadMs, era.stepMs)
}

/** T'. The last T of a schedule that ends owns as many steps as the one before it. */
function followingTick(spec: ScheduleSpec, tick: number): number {
  return nextTick(spec, tick) ?? 2 * tick - (previousTick(spec, tick - 1) ?? tick)
}

/** An era and the steps it owns: `fromMs < t <= untilMs`. */
interface EraSpan {
  readonly era: ScheduleEra
  readonly fromMs: number
  readonly untilMs: number
}

function spansOf(eras: readonly ScheduleEra[]): EraSpan[] {
  return eras.map((era, i) => ({
    era,
    fromMs: floorToStep(era.ownsFromMs ?? Number.NEGATIVE_INFINITY, era.stepMs),
    untilMs: floorToStep(eras[i + 1]?.ownsFromMs ?? Number.POSITIVE_INFINITY, era.stepMs),
  }))
}

function isTick({ era }: EraSpan, nominalMs: number): boolean {
  return previousTick(era.spec, nominalMs) === nominalMs && nominalMs >= (era.firstMs ?? Number.NEGATIVE_INFINITY)
}

function rangeWithin({ era, fromMs, untilMs }: EraSpan, tick: number): StepRange | undefined {
  // rounding may put the first step of an era before that of its first T, which takes it all the same
  const ownFromMs = tick === era.firstMs ? fromMs : floorToStep(tick + era.leadMs, era.stepMs)
  const range = {
    fromMs: Math.max(ownFromMs, fromMs),
    untilMs: Math.min(floorToStep(followingTick(era.spec, tick) + era.leadMs, era.stepMs), untilMs),
  }
  return range.fromMs < range.untilMs ? range : undefined
}

/** Owners from the one of the first step after `fromMs` on, without end while the schedule has none. */
function* ownersAfter(eras: readonly ScheduleEra[], fromMs: number): Generator<StepOwner> {
  for (const span of spansOf(eras)) {
    if (span.untilMs > Math.max(fromMs, span.fromMs)) yield* ownersWithin(span, fromMs)
  }
}

function* ownersWithin(span: EraSpan, fromMs: number): Generator<StepOwner> {
  const { spec, stepMs, leadMs, firstMs } = span.era
  const firstStepMs = floorToStep(Math.max(fromMs, span.fromMs), stepMs) + stepMs
  const dueMs = firstStepMs - leadMs - 1
  let tick = previousTick(spec, dueMs) ?? nextTick(spec, dueMs)
  if (tick !== undefined && firstMs !== undefined) tick = Math.max(tick, firstMs)
  while (tick !== undefined) {
    const owned = rangeWithin(span, tick)
    if (owned && owned.untilMs >= firstStepMs) yield { nominalMs: tick, owned }
    if (owned?.untilMs === span.untilMs) return
    tick = nextTick(spec, tick)
  }
}

function appendRange(ranges: StepRange[], range: StepRange): void {
  const last = ranges.at(-1)
  if (last && last.untilMs >= range.fromMs) ranges[ranges.length - 1] = { ...last, untilMs: range.untilMs }
  else ranges.push(range)
}
