import type { Labels } from '../../models/series.ts'
import type { SeriesPart } from '../deps.ts'

/** A part that one run forecasts, and how many series it had when it was planned. */
export interface Shard {
  readonly part: SeriesPart
  readonly series: number
}

export interface ShardPlan {
  /** Aimed at, of one shard. */
  readonly perShard: number
  /** Series that agree in these labels stay together. */
  readonly groupBy?: readonly string[] | undefined
}

const mostShards = 64
/** Every shard but one bears the values it has, that one all others: a job and a query have room for so much. */
const mostValues = 1_000
const longestValues = 16_384
/** The largest shard of a label, as a multiple of an even one: beyond it, reading everything in every shard costs less. */
const mostUneven = 1.5
/** Below it, few values count for more: they are those that live long, so that new series do not all come to one shard. */
const evenEnough = 1.2

/**
 * Splits the series that a query returns into parts of about `perShard`: by the label that does it evenly with the fewest
 * values, else by the hash of their labels, which a store cannot tell apart: then every shard reads all and keeps its own.
 */
export function planShards(series: readonly Labels[], { perShard, groupBy }: ShardPlan): readonly Shard[] {
  const of = Math.min(mostShards, Math.ceil(series.length / perShard))
  const names = groupBy ?? [...new Set(series.flatMap((labels) => Object.keys(labels)))].sort()
  const even = series.length / of
  const best = names
    .map((label) => packed(label, series, of))
    .filter((groups) => groups !== undefined)
    .filter(({ largest }) => largest <= mostUneven * even)
    .map((groups) => ({ ...groups, unevenness: Math.max(evenEnough, groups.largest / even) }))
    .sort((a, b) => a.unevenness - b.unevenness || a.valueCount - b.valueCount)
    .at(0)
  return best ? byLabel(best) : byHash({ of, series: Math.round(even), by: groupBy })
}

interface Group {
  readonly values: string[]
  series: number
}

interface Packed {
  readonly label: string
  /** The last one also takes what has none of the known values. */
  readonly groups: readonly Group[]
  readonly largest: number
  readonly valueCount: number
}

/** The values of a label in groups of about the same size; undefined where it has too few of them or too many. */
function packed(label: string, series: readonly Labels[], of: number): Packed | undefined {
  const counts = new Map<string, number>()
  let missing = 0
  for (const labels of series) {
    const value = labels[label] ?? ''
    if (value === '') missing += 1
    else counts.set(value, (counts.get(value) ?? 0) + 1)
    if (counts.size > mostValues) return undefined
  }
  if (counts.size < of - 1 || textLength(counts.keys()) > longestValues) return undefined
  const rest: Group = { values: [], series: missing }
  const groups = [...Array.from({ length: of - 1 }, (): Group => ({ values: [], series: 0 })), rest]
  const largestFirst = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  for (const [value, count] of largestFirst) {
    const smallest = groups.reduce((least, group) => (group.series < least.series ? group : least))
    smallest.values.push(value)
    smallest.series += count
  }
  return { label, groups, largest: Math.max(...groups.map((group) => group.series)), valueCount: counts.size }
}

function textLength(values: Iterable<string>): number {
  let length = 0
  for (const value of values) length += value.length + 1
  return length
}

function byLabel({ label, groups }: Packed): Shard[] {
  const named = groups.slice(0, -1).filter(({ values }) => values.length > 0)
  const known = named.flatMap(({ values }) => values)
  const rest = { part: { label, values: known, isRest: true }, series: groups.at(-1)?.series ?? 0 }
  return [...named.map(({ values, series }) => ({ part: { label, values }, series })), rest]
}

interface HashPlan {
  readonly of: number
  readonly series: number
  readonly by: readonly string[] | undefined
}

function byHash({ of, series, by }: HashPlan): Shard[] {
  return Array.from({ length: of }, (_, hash) => ({ part: { hash, of, ...(by && { by }) }, series }))
}
