import { AppError } from './errors.ts'

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const prometheusForm = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/
const isoForm = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Milliseconds of `5m`, `1h30m`, `7d` (Prometheus) or `PT5M` (ISO 8601); undefined when it is neither. */
export function tryParseDuration(text: string): number | undefined {
  if (prometheusForm.test(text)) {
    let total = 0
    for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
      total += Number(amount) * (unitsMs[unit as string] ?? Number.NaN)
    }
    return Math.round(total)
  }
  const iso = isoForm.exec(text)
  if (!iso || text === 'P' || text.endsWith('T')) return undefined
  const units = ['w', 'd', 'h', 'm', 's'] as const
  return Math.round(units.reduce((sum, unit, i) => sum + Number(iso[i + 1] ?? 0) * (unitsMs[unit] ?? 0), 0))
}

/** @throws INVALID_PARAMS naming the text. */
export function parseDuration(text: string): number {
  const ms = tryParseDuration(text)
  if (ms === undefined)
    throw new AppError('INVALID_PARAMS', `"${text}" is no duration: write 30s, 5m, 1h30m, 7d or PT5M`)
  return ms
}

/** Shortest Prometheus form: 90 s is `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  let rest = Math.abs(Math.round(ms))
  let text = ms < 0 ? '-' : ''
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = unitsMs[unit] ?? 1
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}
