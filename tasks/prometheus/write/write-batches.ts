import type { StepRange } from '../../../models/series.ts'
import type { SampleBlock } from '../../deps.ts'
import { timestampsIn, type WireRow } from './remote-write-wire.ts'

/** What goes out in one request: the samples of some series in a range of time. */
export interface WriteBatch {
  readonly rows: readonly WireRow[]
  readonly range: StepRange
}

export interface BatchLimits {
  /** About so many rows (series of one metric) travel together. */
  readonly maxRows: number
  readonly maxSamples: number
}

/** Rows that travel together, in one request for each range, oldest first. */
export interface WriteGroup {
  readonly rows: readonly WireRow[]
  readonly ranges: readonly StepRange[]
}

/**
 * A series is in one group only, so groups may be sent side by side. Membership hangs on ids and the number of rows
 * alone: a store that takes or refuses requests as a whole has either all of a group's steps up to some instant or
 * none of them, and that still holds when a later run sends them again with a longer window.
 */
export function planGroups(blocks: readonly SampleBlock[], limits: BatchLimits): WriteGroup[] {
  const rowCount = blocks.reduce((sum, block) => sum + block.series.length, 0)
  if (rowCount === 0) return []
  const groupCount = 2 ** Math.max(0, Math.ceil(Math.log2(rowCount / limits.maxRows)))
  const groups = Array.from({ length: groupCount }, (): WireRow[] => [])
  for (const block of blocks) {
    for (let row = 0; row < block.series.length; row++) {
      const digits = block.series[row]!.id.slice(0, 8)
      groups[Number.parseInt(digits, 16) & (groupCount - 1)]!.push({ block, row })
    }
  }
  const ranges = timeRanges(blocks, Math.max(1, Math.floor((limits.maxSamples * groupCount) / rowCount)))
  return groups.filter((rows) => rows.length > 0).map((rows) => ({ rows, ranges }))
}

/** Cuts all timestamps, in order, into ranges of at most `count`. */
function timeRanges(blocks: readonly SampleBlock[], count: number): StepRange[] {
  const instants = [...new Set(blocks.flatMap((block) => block.timestampsMs))].sort((a, b) => a - b)
  const ranges: StepRange[] = []
  for (let from = 0; from < instants.length; from += count) {
    const untilMs = instants[Math.min(from + count, instants.length) - 1]!
    ranges.push({ fromMs: ranges.at(-1)?.untilMs ?? Number.NEGATIVE_INFINITY, untilMs })
  }
  return ranges
}

/** By rows, then by time; undefined for a single sample. */
export function halve(batch: WriteBatch): [WriteBatch, WriteBatch] | undefined {
  const { rows, range } = batch
  if (rows.length > 1) return halveRows(batch)
  const instants = instantsOf(batch)
  if (instants.length < 2) return undefined
  const middleMs = instants[(instants.length >> 1) - 1]!
  return [
    { rows, range: { fromMs: range.fromMs, untilMs: middleMs } },
    { rows, range: { fromMs: middleMs, untilMs: range.untilMs } },
  ]
}

export function halveRows({ rows, range }: WriteBatch): [WriteBatch, WriteBatch] {
  const middle = rows.length >> 1
  return [
    { rows: rows.slice(0, middle), range },
    { rows: rows.slice(middle), range },
  ]
}

/** The batch but for its oldest instant; undefined when it has no other. */
export function withoutOldest(batch: WriteBatch): WriteBatch | undefined {
  const [oldestMs, ...later] = instantsOf(batch)
  if (oldestMs === undefined || later.length === 0) return undefined
  return { rows: batch.rows, range: { fromMs: oldestMs, untilMs: batch.range.untilMs } }
}

export function sampleCount({ rows, range }: WriteBatch): number {
  let count = 0
  for (const { block, row } of rows) {
    const [first, end] = timestampsIn(block, range)
    for (let t = first; t < end; t++) {
      if (block.stale || !Number.isNaN(block.values[row * block.timestampsMs.length + t])) count++
    }
  }
  return count
}

export function samplesAfter(blocks: readonly SampleBlock[], fromMs: number): number {
  const range = { fromMs, untilMs: Number.POSITIVE_INFINITY }
  const rows = blocks
    .filter(({ timestampsMs }) => (timestampsMs.at(-1) ?? fromMs) > fromMs)
    .flatMap((block) => block.series.map((_, row) => ({ block, row })))
  return sampleCount({ rows, range })
}

function instantsOf({ rows, range }: WriteBatch): number[] {
  const blocks = new Set(rows.map(({ block }) => block))
  const instants = [...blocks].flatMap((block) => block.timestampsMs.slice(...timestampsIn(block, range)))
  return [...new Set(instants)].sort((a, b) => a - b)
}
