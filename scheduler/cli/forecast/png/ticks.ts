import type { Scale } from '../plot-data.ts'

const dayMs = 86_400_000
const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200]
const fixedMs = [...seconds.map((count) => count * 1_000), ...[1, 2, 7, 14].map((count) => count * dayMs)]
const months = [1, 2, 3, 6, ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((years) => years * 12)]
/** The first Monday after 1970: weeks begin there. */
const mondayMs = 4 * dayMs

/** Round values within a scale, about `count` of them. */
export function valueTicks({ least, most }: Scale, count: number): number[] {
  const rough = (most - least) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const unit = ([1, 2, 5].find((factor) => factor * power > rough * 0.75) ?? 10) * power
  const first = Math.ceil(least / unit)
  // a product of whole numbers: a sum of units would drift
  return Array.from({ length: Math.floor(most / unit) - first + 1 }, (_, i) => (first + i) * unit)
}

export interface TimeTick {
  readonly ms: number
  readonly text: string
  /** The day or the year that the text is of; empty where the text is whole. */
  readonly context: string
}

export interface TimeSpan {
  readonly fromMs: number
  readonly untilMs: number
}

/** Round instants in UTC, `count` at most. */
export function timeTicks({ fromMs, untilMs }: TimeSpan, count: number): TimeTick[] {
  const unitMs = fixedMs.find((unit) => (untilMs - fromMs) / unit <= count)
  if (unitMs === undefined) return calendarTicks({ fromMs, untilMs }, count)
  const shiftMs = unitMs >= 7 * dayMs ? mondayMs : 0
  const ticks: TimeTick[] = []
  for (let ms = Math.ceil((fromMs - shiftMs) / unitMs) * unitMs + shiftMs; ms <= untilMs; ms += unitMs) {
    const iso = new Date(ms).toISOString()
    const clock = iso.slice(11, unitMs < 60_000 ? 19 : 16)
    const isClock = unitMs < dayMs
    ticks.push({ ms, text: isClock ? clock : iso.slice(5, 10), context: isClock ? iso.slice(0, 10) : iso.slice(0, 4) })
  }
  return ticks
}

function calendarTicks({ fromMs, untilMs }: TimeSpan, count: number): TimeTick[] {
  const inMonths = (ms: number) => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth()
  const unit = months.find((one) => (inMonths(untilMs) - inMonths(fromMs)) / one <= count) ?? 12_000
  const ticks: TimeTick[] = []
  for (let month = Math.ceil(inMonths(fromMs) / unit) * unit; ; month += unit) {
    // years below 100 would be those of the last century
    const ms = Date.UTC(1970, month - 1970 * 12)
    if (!(ms <= untilMs)) return ticks
    if (ms >= fromMs) ticks.push({ ms, text: new Date(ms).toISOString().slice(0, unit < 12 ? 7 : 4), context: '' })
  }
}
