import * as ascii from '../ascii.ts'
import type { Cursor } from './decimal-parser.ts'

/** The bytes of a JSON stream that were not consumed yet: `bytes[pos]` to `bytes[end - 1]`. */
export interface JsonWindow extends Cursor {
  end: number
  /** Of `bytes`. */
  view: DataView
  /** How far the value at `pos` was looked through before the bytes ran out. */
  scan: { length: number; depth: number; inString: boolean; escaped: boolean }
}

const freshScan = () => ({ length: 0, depth: 0, inString: false, escaped: false })

export const viewOf = ({ buffer, byteOffset, length }: Buffer) => new DataView(buffer, byteOffset, length)

export function jsonWindow(): JsonWindow {
  const bytes = Buffer.alloc(128 * 1024)
  return { bytes, view: viewOf(bytes), pos: 0, end: 0, scan: freshScan() }
}

/** Adds bytes behind those that are left; the buffer grows only when one value is larger than it. */
export function append(window: JsonWindow, chunk: Uint8Array): void {
  const left = window.end - window.pos
  if (left + chunk.length > window.bytes.length) {
    const larger = Buffer.alloc(2 * (left + chunk.length))
    window.bytes.copy(larger, 0, window.pos, window.end)
    window.bytes = larger
    window.view = viewOf(larger)
  } else if (window.pos > 0) {
    window.bytes.copyWithin(0, window.pos, window.end)
  }
  window.bytes.set(chunk, left)
  window.pos = 0
  window.end = left + chunk.length
}

const isSpace = (byte: number) =>
  byte === ascii.space || byte === ascii.lineFeed || byte === ascii.carriageReturn || byte === ascii.tab

/** The next byte that is no space, which stays unread; -1 when the bytes run out. */
export function peek(window: JsonWindow): number {
  while (window.pos < window.end) {
    const byte = window.bytes[window.pos]!
    if (!isSpace(byte)) return byte
    window.pos++
  }
  return -1
}

/** Looks for the end of the JSON value at `pos`: its length, or -1 when the bytes run out (a later call goes on). */
export function valueLength(window: JsonWindow): number {
  const { scan, bytes, pos } = window
  const available = window.end - pos
  while (scan.length < available) {
    const ended = scan.inString
      ? inString(scan, bytes[pos + scan.length]!)
      : outOfString(scan, bytes[pos + scan.length]!)
    // a number, true, false or null ends before the byte that ends it
    if (ended !== 'before') scan.length++
    if (ended) {
      const { length } = scan
      window.scan = freshScan()
      return length
    }
  }
  return -1
}

type Ended = 'after' | 'before' | undefined

function inString(scan: JsonWindow['scan'], byte: number): Ended {
  if (scan.escaped) scan.escaped = false
  else if (byte === ascii.backslash) scan.escaped = true
  else if (byte === ascii.quote) {
    scan.inString = false
    if (scan.depth === 0) return 'after'
  }
  return undefined
}

function outOfString(scan: JsonWindow['scan'], byte: number): Ended {
  if (byte === ascii.quote) scan.inString = true
  else if (byte === ascii.openBrace || byte === ascii.openBracket) scan.depth++
  else if (byte === ascii.closeBrace || byte === ascii.closeBracket) {
    if (scan.depth === 0) return 'before'
    if (--scan.depth === 0) return 'after'
  } else if (scan.depth === 0 && (byte === ascii.comma || isSpace(byte))) return 'before'
  return undefined
}

/** Lets go of what was looked through of a value that nobody wants, so that it needs no memory. */
export function forgetScanned(window: JsonWindow): void {
  window.pos += window.scan.length
  window.scan.length = 0
}
