import { AppError } from '../../../models/errors.ts'
import type { Labels } from '../../../models/series.ts'
import * as ascii from '../ascii.ts'
import { excerpt } from '../store-failure.ts'
import { append, forgetScanned, type JsonWindow, jsonWindow, peek, valueLength } from './json-window.ts'
import type { LabelCache } from './label-cache.ts'
import { readEnvelope } from './matrix-envelope.ts'
import type { PanelRows } from './panel-rows.ts'
import {
  numberOf,
  readSample,
  readSamples,
  type SampleGrid,
  type SampleRow,
  type StepTexts,
  stepTexts,
} from './sample-scanner.ts'

export interface MatrixExpectation {
  /** Named in every error: datasource and query. */
  readonly subject: string
  readonly grid: SampleGrid
  readonly maxSeries: number
  readonly isWanted?: ((labels: Labels) => boolean) | undefined
}

export interface MatrixParser {
  /** @throws AppError at the first byte that cannot belong to the expected answer. */
  write(chunk: Uint8Array): void
  /** After the last byte: the store's warnings. @throws AppError when the answer is not whole. */
  end(): readonly string[]
}

/** Consumes what it can; returns the state that follows, or undefined when it needs more bytes. */
type State = (parser: Parser) => State | undefined
type Scope = 'envelope' | 'data' | 'series' | 'unwanted'

interface Parser {
  readonly expected: MatrixExpectation
  readonly rows: PanelRows
  readonly cache: LabelCache
  readonly texts: StepTexts
  readonly window: JsonWindow
  /** Members of envelope and data that are small: status, error, warnings, resultType... */
  readonly members: Map<string, unknown>
  state: State
  scope: Scope
  key: string
  labels: Labels | undefined
  row: SampleRow | undefined
  seriesCount: number
  floatCount: number
}

// far above any label set, far below what would hurt
const largestValueBytes = 4 * 1024 * 1024

/** Reads the JSON of `query_range` or `query` as it arrives, its samples straight into rows. */
export function matrixParser(expected: MatrixExpectation, rows: PanelRows, cache: LabelCache): MatrixParser {
  // one literal: with spreads every parser gets a shape of its own, and optimised code is thrown away
  const parser: Parser = {
    expected,
    rows,
    cache,
    texts: stepTexts(expected.grid),
    window: jsonWindow(),
    members: new Map(),
    state: beginning,
    scope: 'envelope',
    key: '',
    labels: undefined,
    row: undefined,
    seriesCount: 0,
    floatCount: 0,
  }
  return {
    write(chunk) {
      append(parser.window, chunk)
      for (let next = parser.state(parser); next; next = parser.state(parser)) parser.state = next
      if (parser.window.end - parser.window.pos > largestValueBytes) throw invalid(parser, 'one value is too long')
    },
    end: () => finish(parser),
  }
}

const beginning: State = (parser) => {
  const byte = peek(parser.window)
  if (byte === -1) return undefined
  if (byte !== ascii.openBrace) throw unexpected(parser)
  parser.window.pos++
  return member
}

const member: State = (parser) => {
  const { window } = parser
  const byte = peek(window)
  if (byte === -1) return undefined
  if (byte === ascii.quote) return memberKey
  window.pos++
  if (byte === ascii.comma) return member
  if (byte === ascii.closeBrace) return leave(parser)
  window.pos--
  throw unexpected(parser)
}

const memberKey: State = (parser) => {
  const text = take(parser)
  if (text === undefined) return undefined
  parser.key = text.slice(1, -1)
  return colon
}

const colon: State = (parser) => {
  const byte = peek(parser.window)
  if (byte === -1) return undefined
  if (byte !== ascii.colon) throw unexpected(parser)
  parser.window.pos++
  return memberValue
}

const memberValue: State = (parser) =>
  peek(parser.window) === -1 ? undefined : (memberStates[parser.scope].get(parser.key) ?? skip)

function leave(parser: Parser): State {
  if (parser.scope === 'envelope') return behindEnd
  const isData = parser.scope === 'data'
  parser.scope = isData ? 'envelope' : 'data'
  return isData ? member : result
}

const behindEnd: State = (parser) => {
  if (peek(parser.window) === -1) return undefined
  throw unexpected(parser)
}

const skip: State = ({ window }) => {
  const length = valueLength(window)
  if (length === -1) {
    forgetScanned(window)
    return undefined
  }
  window.pos += length
  return member
}

const keep: State = (parser) => {
  const text = take(parser)
  if (text === undefined) return undefined
  parser.members.set(parser.key, parseJson(parser, text))
  return member
}

/** Enters `data` or `result`; an error's null is skipped. */
function enter(opening: number, scope: Scope, inner: State): State {
  return (parser) => {
    if (peek(parser.window) !== opening) return skip
    parser.window.pos++
    parser.scope = scope
    return inner
  }
}

const result: State = (parser) => {
  const { window } = parser
  const byte = peek(window)
  if (byte === -1) return undefined
  if (byte !== ascii.openBrace && byte !== ascii.comma && byte !== ascii.closeBracket) {
    if (parser.expected.grid.instant) return scalarPart
    throw unexpected(parser)
  }
  window.pos++
  if (byte === ascii.comma) return result
  if (byte === ascii.closeBracket) return member
  parser.scope = 'series'
  parser.labels = undefined
  return member
}

/** Timestamp or value of `"result":[1435781430,"1"]`. */
const scalarPart: State = (parser) => {
  const text = take(parser)
  if (text === undefined) return undefined
  const part = parseJson(parser, text)
  if (typeof part === 'string') {
    const row = openRow(parser, parser.cache.intern('{}'))
    row.values[0] = numberOf(part, row)
  } else if (typeof part !== 'number') throw unexpected(parser)
  return result
}

const metric: State = (parser) => {
  const json = take(parser)
  if (json === undefined) return undefined
  parser.seriesCount++
  parser.labels = internLabels(parser, json)
  if (parser.expected.isWanted?.(parser.labels) === false) {
    parser.scope = 'unwanted'
    parser.floatCount++
  }
  return member
}

const values: State = (parser) => {
  if (peek(parser.window) !== ascii.openBracket) throw unexpected(parser)
  parser.window.pos++
  parser.row = openRow(parser, parser.labels)
  return samples
}

const samples: State = ({ window, row }) => (readSamples(window, row as SampleRow) ? member : undefined)

const value: State = (parser) => {
  parser.row = openRow(parser, parser.labels)
  return oneSample
}

const oneSample: State = ({ window, row }) => (readSample(window, row as SampleRow) ? member : undefined)

const memberStates: Readonly<Record<Scope, ReadonlyMap<string, State>>> = {
  envelope: new Map([
    ...['status', 'errorType', 'error', 'warnings', 'isPartial'].map((key) => [key, keep] as const),
    ['data', enter(ascii.openBrace, 'data', member)],
  ]),
  data: new Map([
    ['resultType', keep],
    ['result', enter(ascii.openBracket, 'data', result)],
  ]),
  // native histograms (`histograms`, `histogram`) are skipped: there is no one number in them
  series: new Map([
    ['metric', metric],
    ['values', values],
    ['value', value],
  ]),
  unwanted: new Map(),
}

function openRow(parser: Parser, labels: Labels | undefined): SampleRow {
  const { expected, rows, texts } = parser
  const { grid, subject, maxSeries } = expected
  if (!labels) throw invalid(parser, 'samples come before their labels')
  const opened = rows.row(labels, grid.first)
  if (!opened) throw invalid(parser, `two series have the labels ${JSON.stringify(labels)}`)
  // at once: what follows need not arrive
  const count = rows.series.length
  if (count > maxSeries) {
    throw new AppError('TOO_MANY_SERIES', `${subject}: returns ${count} series or more, the limit is ${maxSeries}`)
  }
  parser.floatCount++
  return { grid, subject, texts, labels, values: opened, next: grid.first }
}

/** The value at `pos` as its bytes; undefined when it is cut. */
function take(parser: Parser): string | undefined {
  const { window } = parser
  const length = valueLength(window)
  if (length === -1) return undefined
  window.pos += length
  return window.bytes.toString('latin1', window.pos - length, window.pos)
}

function parseJson(parser: Parser, text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString())
  } catch (error) {
    throw invalid(parser, `"${parser.key}" is ${excerpt(text)}`, error)
  }
}

function internLabels(parser: Parser, json: string): Labels {
  try {
    return parser.cache.intern(json)
  } catch (error) {
    throw invalid(parser, `a series has no label set but ${excerpt(json)}`, error)
  }
}

function finish(parser: Parser): readonly string[] {
  const { members, expected, seriesCount, floatCount } = parser
  if (parser.state === beginning) throw invalid(parser, 'the answer is empty')
  if (parser.state !== behindEnd) throw invalid(parser, `the answer ended early, after ${seriesCount} series`)
  return readEnvelope({
    members,
    subject: expected.subject,
    instant: expected.grid.instant === true,
    seriesCount,
    floatCount,
  })
}

function unexpected(parser: Parser): AppError {
  const { bytes, pos, end } = parser.window
  return invalid(
    parser,
    `the answer is no query result: ${excerpt(bytes.toString('utf8', pos, Math.min(end, pos + 2_000)))}`,
  )
}

function invalid({ expected }: Parser, what: string, cause?: unknown): AppError {
  return new AppError('RESPONSE_INVALID', `${expected.subject}: ${what}`, { cause })
}
