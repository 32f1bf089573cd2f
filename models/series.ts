import xxhash from 'xxhash-wasm'
import { AppError } from './errors.ts'

/** A label set, without any guarantee of order. */
export type Labels = Readonly<Record<string, string>>

export interface PanelSeries {
  readonly labels: Labels
  /** One value per grid step; a gap is NaN. */
  readonly values: Float64Array
}

/** All series of one query on one grid: step i is at `startMs + i * stepMs`, i < length. */
export interface Panel {
  readonly startMs: number
  readonly stepMs: number
  readonly length: number
  readonly series: readonly PanelSeries[]
}

/** What a series is called once we write for it: labels without `__name__`, plus mission, and its id. */
export interface SeriesIdentity {
  /** 16 hex digits: xxh64 of the sorted written labels. Every key and cache uses it. */
  readonly id: string
  readonly labels: Labels
}

/** A range of steps, open at the left, closed at the right: `fromMs < t <= untilMs`. */
export interface StepRange {
  readonly fromMs: number
  readonly untilMs: number
}

const { h64ToString } = await xxhash()

/** Largest grid instant at or before `ms`. */
export function floorToStep(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs
}

/** The grid steps t with `fromMs < t <= untilMs`, in order. */
export function stepsIn({ fromMs, untilMs }: StepRange, stepMs: number): number[] {
  const steps: number[] = []
  for (let t = floorToStep(fromMs, stepMs) + stepMs; t <= untilMs; t += stepMs) steps.push(t)
  return steps
}

export function seriesId(labels: Labels): string {
  return h64ToString(encodeLabels(labels)).padStart(16, '0')
}

/** Of no two label sets the same. */
function encodeLabels(labels: Labels): string {
  const parts = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat()
  // a name or a value with a ÿ of its own: JSON writes it without, so it is not taken for the first form
  const isPlain = parts.every((part) => !part.includes('\u00ff'))
  return isPlain ? parts.join('\u00ff') : JSON.stringify(parts).replaceAll('\u00ff', '\\u00ff')
}

export interface MissionName {
  readonly tenant: string
  readonly mission: string
}

export const defaultTenant = 'default'

/**
 * The labels we write for a series: its own without `__name__` (kept as `metric`), plus `mission`, and `tenant`
 * unless it is the default one. A label already called so becomes `exported_<name>`, as Prometheus does; `tenant` also
 * for the default tenant, whose series would else pass for another's.
 */
export function writtenLabels(labels: Labels, { tenant, mission }: MissionName): Labels {
  // an empty label is none: it only keeps its name from others
  const added: Record<string, string> = { mission, tenant: tenant === defaultTenant ? '' : tenant }
  const metric = labels.__name__
  if (metric !== undefined) added.metric = metric
  const written: Record<string, string> = {}
  for (const [name, value] of Object.entries(labels)) {
    if (name === '__name__' || value === '') continue
    written[freeName(name, labels, added)] = value
  }
  for (const [name, value] of Object.entries(added)) if (value !== '') written[name] = value
  return written
}

function freeName(name: string, labels: Labels, added: Labels): string {
  let free = name
  const isTaken = () => Object.hasOwn(added, free) || (free !== name && Object.hasOwn(labels, free))
  while (isTaken()) free = `exported_${free}`
  return free
}

/**
 * Names every series of a panel, in order.
 * @throws LABEL_COLLISION naming both label sets when two series become equal once written.
 */
export function identifySeries(series: readonly { readonly labels: Labels }[], name: MissionName): SeriesIdentity[] {
  const seen = new Map<string, Labels>()
  return series.map(({ labels }) => {
    const written = writtenLabels(labels, name)
    const id = seriesId(written)
    const other = seen.get(id)
    if (other) {
      throw new AppError(
        'LABEL_COLLISION',
        `mission ${name.mission}: series ${JSON.stringify(other)} and ${JSON.stringify(labels)} would be written under the same labels ${JSON.stringify(written)}`,
      )
    }
    seen.set(id, labels)
    return { id, labels: written }
  })
}
