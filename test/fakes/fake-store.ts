import { AppError } from '../../models/errors.ts'
import { type Labels, type PanelSeries, seriesId } from '../../models/series.ts'
import type { RangeQuery, SampleBlock, SeriesReader, SeriesWriter } from '../../tasks/deps.ts'
import { isInPart } from '../../tasks/shards/is-in-part.ts'
import { parseSeries } from './series-notation.ts'

export interface StoredSample {
  readonly labels: Labels
  readonly ms: number
  readonly value: number
}

/** A store in memory: what is written can be read back. It answers at exact instants, without look-back. */
export interface FakeStore {
  readonly reader: SeriesReader
  readonly writer: SeriesWriter
  /** `up{job="api"} 5 2+3x2 _ stale`, one sample per step from `startMs` on. */
  load(notation: string, grid: { readonly startMs: number; readonly stepMs: number }): void
  /** A series that has a value at every instant. */
  generate(labels: Labels, value: (ms: number) => number): void
  /** Lets any query text stand for a selector. */
  alias(query: string, selector: string): void
  /** Samples of one metric, oldest first. */
  samples(selector: string): StoredSample[]
  /** Samples that were sent again with another value. */
  readonly conflicts: StoredSample[]
  /** Every query that was asked. */
  readonly queries: RangeQuery[]
  /** Samples sent so far, repeats included. */
  sent(): number
  /** All reads whose query matches fail until called with undefined. */
  failReads(error: AppError | undefined, matching?: RegExp): void
  /** The writes to come take this many samples in all, then one fails. */
  failWriteAfter(samples: number, error?: AppError): void
}

interface StoredSeries {
  readonly labels: Labels
  readonly samples: Map<number, number>
  readonly value?: (ms: number) => number
}

interface State {
  readonly series: Map<string, StoredSeries>
  readonly aliases: Map<string, string>
  readonly conflicts: StoredSample[]
  readonly queries: RangeQuery[]
  sent: number
  readError?: { readonly error: AppError; readonly matching: RegExp } | undefined
  writeError?: { readonly samplesLeft: number; readonly error: AppError } | undefined
}

export function fakeStore({ futureWrites = true } = {}): FakeStore {
  const state: State = { series: new Map(), aliases: new Map(), conflicts: [], queries: [], sent: 0 }
  return {
    reader: { queryRange: async (query, signal) => read(state, query, signal) },
    writer: { futureWrites, write: async (blocks, signal) => write(state, blocks, signal) },
    load(notation, { startMs, stepMs }) {
      const { labels, values } = parseSeries(notation)
      values.forEach((value, i) => {
        put(state, { labels, ms: startMs + i * stepMs, value })
      })
    },
    generate(labels, value) {
      state.series.set(seriesId(labels), { labels, samples: new Map(), value })
    },
    alias: (query, selector) => state.aliases.set(query, selector),
    samples: (selector) =>
      select(state, selector)
        .flatMap(({ labels, samples }) => [...samples].map(([ms, value]) => ({ labels, ms, value })))
        .sort((a, b) => a.ms - b.ms),
    conflicts: state.conflicts,
    queries: state.queries,
    sent: () => state.sent,
    failReads(error, matching = /./) {
      state.readError = error && { error, matching }
    },
    failWriteAfter(samplesLeft, error = new AppError('WRITE_UNAVAILABLE', 'the store went away')) {
      state.writeError = { samplesLeft, error }
    },
  }
}

function read(state: State, query: RangeQuery, signal?: AbortSignal) {
  signal?.throwIfAborted()
  state.queries.push(query)
  if (state.readError?.matching.test(query.query)) throw state.readError.error
  const { startMs, endMs, stepMs, maxSeries = Number.POSITIVE_INFINITY } = query
  if (startMs % stepMs !== 0 || endMs % stepMs !== 0) throw new Error(`${query.query}: range is off the grid`)
  const length = Math.round((endMs - startMs) / stepMs) + 1
  const series: PanelSeries[] = []
  const isWanted = query.part ? isInPart(query.part) : () => true
  for (const stored of select(state, query.query)) {
    const { labels } = stored
    if (!isWanted(labels)) continue
    if (!query.allowOutputs && !query.ownOutputs && labels.__name__?.startsWith('anomaly_')) continue
    const values = Float64Array.from({ length }, (_, i) => valueAt(stored, startMs + i * stepMs))
    if (values.some(Number.isFinite)) series.push({ labels, values })
  }
  if (series.length > maxSeries) throw new AppError('TOO_MANY_SERIES', `${query.query}: ${series.length} series`)
  return { startMs, stepMs, length, series }
}

function valueAt({ samples, value }: StoredSeries, ms: number): number {
  const found = samples.get(ms) ?? value?.(ms) ?? Number.NaN
  return Number.isFinite(found) ? found : Number.NaN
}

/** Knows selectors with = and != only, also inside `last_over_time(x[1m])` and the like, and several joined by `or`. */
function select(state: State, query: string): StoredSeries[] {
  const text = state.aliases.get(query) ?? query
  return [...new Set(text.split(' or ').flatMap((part) => selectOne(state, part)))]
}

function selectOne(state: State, text: string): StoredSeries[] {
  const selector = /^(?:\w+\()?([a-zA-Z_:][\w:]*)?(\{[^}]*\})?/.exec(text.trim())
  if (!selector?.[0]) throw new Error(`the fake store does not know the query ${text}`)
  const matchers = [...(selector[2] ?? '').matchAll(/(\w+)\s*(!?=)\s*("(?:[^"\\]|\\.)*")/g)].map(
    ([, name, operator, value]) => ({
      name: name as string,
      equal: operator === '=',
      value: JSON.parse(value as string),
    }),
  )
  if (selector[1]) matchers.push({ name: '__name__', equal: true, value: selector[1] })
  return [...state.series.values()].filter(({ labels }) =>
    matchers.every(({ name, equal, value }) => ((labels[name] ?? '') === value) === equal),
  )
}

function write(state: State, blocks: readonly SampleBlock[], signal?: AbortSignal) {
  signal?.throwIfAborted()
  let written = 0
  for (const sample of blocks.flatMap(samplesOf)) {
    spendWriteBudget(state)
    put(state, sample)
    written += 1
    state.sent += 1
  }
  return { written, dropped: 0, rejected: [] }
}

function spendWriteBudget(state: State): void {
  if (!state.writeError) return
  const { samplesLeft, error } = state.writeError
  state.writeError = samplesLeft > 0 ? { samplesLeft: samplesLeft - 1, error } : undefined
  if (samplesLeft === 0) throw error
}

function samplesOf({ name, series, timestampsMs, values, stale }: SampleBlock): StoredSample[] {
  return series.flatMap(({ labels }, s) =>
    timestampsMs
      .map((ms, t) => ({ labels: { ...labels, __name__: name }, ms, value: values[s * timestampsMs.length + t]! }))
      .filter(({ value }) => stale || !Number.isNaN(value)),
  )
}

function put(state: State, sample: StoredSample): void {
  const id = seriesId(sample.labels)
  const stored = state.series.get(id) ?? { labels: sample.labels, samples: new Map() }
  state.series.set(id, stored)
  const before = stored.samples.get(sample.ms)
  if (before !== undefined && !Object.is(before, sample.value)) state.conflicts.push(sample)
  stored.samples.set(sample.ms, sample.value)
}
