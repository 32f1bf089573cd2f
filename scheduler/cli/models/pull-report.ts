import type { PullEvent } from '../../model-store/pull/pull-model.ts'
import type { Io } from '../command.ts'
import { formatBytes } from './options.ts'

/** Tells whoever pulls how far it is. */
export interface PullReport {
  event(event: PullEvent): void
  /** Leaves the terminal as it was. */
  end(): void
}

export interface PullTitle {
  readonly id: string
  readonly from: string
}

type BytesEvent = Extract<PullEvent, { event: 'bytes' }>

/** One line that is drawn over and over. */
export function terminalReport(title: PullTitle, terminal: NonNullable<Io['terminal']>): PullReport {
  const rate = rateOf()
  const redraw = throttle(100)
  const line = (text: string) => terminal.write(`\r\x1b[K${text.slice(0, (terminal.columns ?? 80) - 1)}`)
  return {
    event(event) {
      if (event.event !== 'bytes') line(`${sentence(title, event)}${event.event === 'checking' ? '' : '\n'}`)
      else if (redraw(event)) line(`  ${progressBar(event, rate(event))}`)
    },
    end: () => void terminal.write('\r\x1b[K'),
  }
}

/** For logs: a line when something happens, and every 10 s how far it is. */
export function linesReport(title: PullTitle, { err }: Pick<Io, 'err'>): PullReport {
  const due = throttle(10_000)
  const rate = rateOf()
  return {
    event(event) {
      if (event.event !== 'bytes') err(sentence(title, event))
      else if (due(event)) err(`  ${event.file}: ${amount(event)}${speed(rate(event))}`)
    },
    end() {},
  }
}

export function jsonReport({ id }: PullTitle, { out }: Pick<Io, 'out'>): PullReport {
  const due = throttle(1_000)
  return {
    event(event) {
      if (event.event !== 'bytes' || due(event)) out(JSON.stringify({ ...event, model: id }))
    },
    end() {},
  }
}

function sentence({ id, from }: PullTitle, event: Exclude<PullEvent, { event: 'bytes' }>): string {
  switch (event.event) {
    case 'waiting':
      return `waiting: ${event.holder} pulls ${id}`
    case 'listed':
      return `${id} ${event.revision.slice(0, 12)} from ${from}${event.bytes === undefined ? '' : `, ${formatBytes(event.bytes)}`}`
    case 'retry':
      return `  ${event.reason}; trying again`
    case 'checking':
      return `  ${event.file}: checking`
  }
}

const barWidth = 24

function progressBar(event: BytesEvent, bytesPerSecond: number | undefined): string {
  const { file, received, bytes } = event
  if (bytes === undefined) return `${file}  ${amount(event)}${speed(bytesPerSecond)}`
  const share = bytes === 0 ? 1 : received / bytes
  const bar = '#'.repeat(Math.floor(share * barWidth)).padEnd(barWidth, '.')
  const leftSeconds = bytesPerSecond ? Math.ceil((bytes - received) / bytesPerSecond) : undefined
  const left =
    leftSeconds === undefined
      ? ''
      : `, ${leftSeconds < 120 ? `${leftSeconds} s` : `${Math.round(leftSeconds / 60)} min`} left`
  return `${file}  [${bar}] ${Math.floor(share * 100)} %  ${amount(event)}${speed(bytesPerSecond)}${left}`
}

function amount({ received, bytes }: BytesEvent): string {
  return bytes === undefined ? formatBytes(received) : `${formatBytes(received)} of ${formatBytes(bytes)}`
}

const speed = (bytesPerSecond: number | undefined): string =>
  bytesPerSecond === undefined ? '' : `, ${formatBytes(bytesPerSecond)}/s`

/** Of a file since its first piece; what an earlier pull had brought does not count. */
function rateOf(): (event: BytesEvent) => number | undefined {
  let from: { readonly file: string; readonly received: number; readonly ms: number } | undefined
  return ({ file, received }) => {
    if (from?.file !== file) from = { file, received, ms: performance.now() }
    const seconds = (performance.now() - from.ms) / 1_000
    return seconds < 0.5 ? undefined : (received - from.received) / seconds
  }
}

/** True once in `everyMs`, and not before the first of these is over, so that small files say nothing. */
function throttle(everyMs: number): (event: BytesEvent) => boolean {
  let dueMs = performance.now() + everyMs
  return () => {
    const nowMs = performance.now()
    if (nowMs < dueMs) return false
    dueMs = nowMs + everyMs
    return true
  }
}
