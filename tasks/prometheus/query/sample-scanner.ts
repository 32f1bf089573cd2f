import { AppError } from '../../../models/errors.ts'
import type { Labels } from '../../../models/series.ts'
import { readDecimal } from './decimal-parser.ts'
import { type JsonWindow, peek, valueLength, viewOf } from './json-window.ts'

// bytes are literals here, 34 " 44 , 48 0 91 [ 93 ]: imported names made the hot spot a fifth slower

/** The steps that one answer may fill: step i is at `startMs + i * stepMs`. */
export interface SampleGrid {
  readonly startMs: number
  readonly stepMs: number
  /** Both included. */
  readonly first: number
  readonly last: number
  /** An instant query: one sample, whatever its timestamp. */
  readonly instant?: boolean
}

/** Where the samples of one series go. */
export interface SampleRow {
  readonly grid: SampleGrid
  readonly texts: StepTexts
  readonly values: Float64Array
  readonly labels: Labels
  /** The step after the last one read: most likely the next. */
  next: number
  /** Named in errors: datasource and query. */
  readonly subject: string
}

/** What a store writes up to the value of each step, `[1435781430,"`: comparing is faster than reading numbers. */
export type StepTexts = DataView

/** Seconds have ten digits from 2001 to 2286; steps that do not are read as numbers. */
const textLength = 13

export function stepTexts({ startMs, stepMs, first, last }: SampleGrid): StepTexts {
  const texts = Array.from({ length: last - first + 1 }, (_, i) => `[${(startMs + (first + i) * stepMs) / 1_000},"`)
  return viewOf(Buffer.from(texts.every((text) => text.length === textLength) ? texts.join('') : ''))
}

/** Reads samples up to the end of their array: true there, false when the bytes run out. */
export function readSamples(window: JsonWindow, row: SampleRow): boolean {
  if (window.scan.length > 0 && !readSample(window, row)) return false
  for (;;) {
    while (readPlainSample(window, row));
    const byte = peek(window)
    if (byte === -1) return false
    if (byte === 93) {
      window.pos++
      return true
    }
    if (byte === 44) window.pos++
    else if (!readSample(window, row)) return false
  }
}

/** The hot spot: reads `[1435781430,"1.5"],` in exactly this form, or nothing. */
function readPlainSample(window: JsonWindow, row: SampleRow): boolean {
  const { bytes, pos: start } = window
  const step = readStep(window, row)
  if (step >= 0) {
    const from = window.pos
    const value = readDecimal(window)
    const end = window.pos + 2
    // bytes behind `window.end` are left from earlier chunks
    if (end > from + 2 && bytes[end - 2] === 34 && bytes[end - 1] === 93 && end <= window.end) {
      row.values[step] = Number.isFinite(value) ? value : Number.NaN
      row.next = step + 1
      window.pos = end < window.end && bytes[end] === 44 ? end + 1 : end
      return true
    }
  }
  window.pos = start
  return false
}

/** Reads from the bracket up to the value; -1 when there are anything but whole seconds and a quotation mark. */
function readStep(window: JsonWindow, row: SampleRow): number {
  const { view, pos } = window
  const text = (row.next - row.grid.first) * textLength
  const fits = text + textLength <= row.texts.byteLength && pos + textLength <= view.byteLength
  if (fits && sameText(view, pos, row.texts, text)) {
    window.pos = pos + textLength
    return row.next
  }
  return readSeconds(window, row)
}

/** Compares `textLength` bytes as two doubles that overlap: no text of a step is a NaN or a zero. */
function sameText(a: DataView, posA: number, b: DataView, posB: number): boolean {
  return (
    a.getFloat64(posA, true) === b.getFloat64(posB, true) &&
    a.getFloat64(posA + 5, true) === b.getFloat64(posB + 5, true)
  )
}

function readSeconds(window: JsonWindow, row: SampleRow): number {
  const { bytes } = window
  if (bytes[window.pos] !== 91) return -1
  let pos = window.pos + 1
  let seconds = 0
  for (let digit = bytes[pos]! - 48; digit >= 0 && digit <= 9; digit = bytes[++pos]! - 48) {
    seconds = seconds * 10 + digit
  }
  if (bytes[pos] !== 44 || bytes[pos + 1] !== 34 || pos + 1 >= window.end) return -1
  window.pos = pos + 2
  return stepOf(seconds * 1_000, row)
}

/** Reads one sample in any form that JSON allows; false when it is cut. */
export function readSample(window: JsonWindow, row: SampleRow): boolean {
  const length = valueLength(window)
  if (length === -1) return false
  const text = window.bytes.toString('utf8', window.pos, window.pos + length)
  const [seconds, value] = parseSample(text, row)
  const step = stepOf(Math.round(seconds * 1_000), row)
  row.values[step] = numberOf(value, row)
  row.next = step + 1
  window.pos += length
  return true
}

function parseSample(text: string, row: SampleRow): [number, string] {
  try {
    const sample: unknown = JSON.parse(text)
    if (Array.isArray(sample) && sample.length === 2) {
      const [seconds, value] = sample as [unknown, unknown]
      if (typeof seconds === 'number' && typeof value === 'string') return [seconds, value]
    }
  } catch {
    // falls through: named below like every other form
  }
  throw invalid(row, `${text.slice(0, 100)} is no sample`)
}

/** A value as Prometheus writes it; what is not finite is a gap. @throws RESPONSE_INVALID */
export function numberOf(text: string, row: Pick<SampleRow, 'subject' | 'labels'>): number {
  const value = Number(text)
  if (Number.isFinite(value) && text.trim() !== '') return value
  if (/^(NaN|[+-]?Inf|[+-]?\d+(\.\d*)?[eE]\+?\d+)$/.test(text)) return Number.NaN
  throw invalid(row, `"${text.slice(0, 100)}" is no number`)
}

/** @throws RESPONSE_INVALID for an instant that is no step of the range: the store did not answer what was asked. */
function stepOf(timeMs: number, row: SampleRow): number {
  const { startMs, stepMs, first, last, instant } = row.grid
  if (instant) return 0
  const step = Math.round((timeMs - startMs) / stepMs)
  const distanceMs = Math.abs(startMs + step * stepMs - timeMs)
  if (distanceMs <= 1 && step >= first && step <= last) return step
  throw invalid(row, `a sample at ${timeMs / 1_000} is at no step that was asked for`)
}

function invalid({ subject, labels }: Pick<SampleRow, 'subject' | 'labels'>, what: string): AppError {
  return new AppError('RESPONSE_INVALID', `${subject}: series ${JSON.stringify(labels)}: ${what}`)
}
