import type { ProcessEvent } from '../stack/processes.ts'
import type { StackUrls } from '../stack/stack.ts'
import type { Paint } from '../terminal/paint.ts'
import { seriesText } from '../terminal/series-text.ts'
import type { Reading } from './readings.ts'
import type { Screen } from './screen.ts'
import { renderTable } from './table.ts'
import type { Verdict } from './verdict.ts'

/** `charts`: the store's page of charts, where it has one. */
export type DemoUrls = StackUrls & { readonly charts?: string }

/** What happens in a demo, in the order in which it does. */
export type DemoEvent =
  | { readonly event: 'starting'; readonly dir: string }
  | { readonly event: 'filled'; readonly samples: number; readonly fromMs: number; readonly tookMs: number }
  | { readonly event: 'ready'; readonly urls: DemoUrls; readonly missions: number; readonly tookMs: number }
  | { readonly event: 'process'; readonly process: ProcessEvent }
  | { readonly event: 'broke' | 'recovered'; readonly service: string; readonly atMs: number }
  | ({ readonly event: 'verdict'; readonly service: string } & Judgement)
  | { readonly event: 'no_scores'; readonly afterMs: number }
  | { readonly event: 'stopped' }

export interface Judgement {
  readonly verdict: Verdict
  readonly brokenFromMs: number
  /** From the outage to the first score above 1 in the store, and to that of the last broken series. */
  readonly firstAfterMs: number | undefined
  readonly allAfterMs: number | undefined
}

export interface DemoView {
  readonly atMs: number
  /** Newest scored step; undefined before the first. */
  readonly stepMs: number | undefined
  readonly readings: readonly Reading[]
  readonly status: string
}

export interface Report {
  note(event: DemoEvent): void
  show(view: DemoView): void
}

/** Without a terminal to redraw a few lines per step say enough. */
const rowsPerStep = 10
/** Of what happened the last lines stay above the table. */
const noteLines = 12

/** For people. On a terminal everything is one picture: what happened, and under it the table as it is now. */
export function textReport(screen: Screen): Report {
  const notes: string[] = []
  let shown: DemoView | undefined
  const picture = () => {
    const above = [...notes.slice(-noteLines), ...(shown ? ['', screen.paint.bold(shown.status)] : [])]
    const { columns, rows } = screen.size
    const table = shown ? renderTable(shown.readings, { columns, rows: rows - above.length - 1 }, screen.paint) : []
    screen.draw([...above, ...table])
  }
  return {
    note(event) {
      const lines = describe(event)?.split('\n').map(paintOf(event, screen.paint))
      if (!lines) return
      notes.push(...lines)
      if (screen.live) picture()
      else screen.draw(lines)
    },
    show(view) {
      const isNew = view.stepMs !== undefined && view.stepMs !== shown?.stepMs
      shown = view
      if (screen.live) picture()
      else if (isNew) screen.draw(['', view.status, ...renderTable(view.readings, stepSize(screen), screen.paint)])
    },
  }
}

const stepSize = (screen: Screen) => ({ columns: screen.size.columns, rows: rowsPerStep })

function paintOf(event: DemoEvent, { red, green, bold }: Paint): (line: string) => string {
  if (event.event === 'verdict') return event.verdict.passed ? (line) => bold(green(line)) : (line) => bold(red(line))
  return event.event === 'no_scores' ? red : (line) => line
}

/** For scripts: one JSON object per line. */
export function jsonReport(write: (line: string) => void): Report {
  let shownStepMs: number | undefined
  return {
    note: (event) => write(JSON.stringify(event)),
    show({ stepMs, readings }) {
      if (stepMs === undefined || stepMs === shownStepMs) return
      shownStepMs = stepMs
      const count = (state: Reading['state']) => readings.filter((reading) => reading.state === state).length
      write(
        JSON.stringify({
          event: 'step',
          stepMs,
          ok: count('ok'),
          anomaly: count('anomaly'),
          learning: count('learning'),
        }),
      )
    },
  }
}

/** undefined for what nobody needs to read. */
export function describe(event: DemoEvent): string | undefined {
  switch (event.event) {
    case 'starting':
      return `Starting servers, scheduler and workers\n  data   ${event.dir}`
    case 'filled':
      return `Filled in ${amount(event.samples)} samples since ${dayAndClock(event.fromMs)} in ${secondsText(event.tookMs)}`
    case 'ready':
      return readyText(event.urls, event.missions, event.tookMs)
    case 'process':
      return processText(event.process)
    case 'broke':
      return `${clock(event.atMs)}  ${event.service} breaks: requests fail and take six times as long, callers give up`
    case 'recovered':
      return `${clock(event.atMs)}  ${event.service} is well again`
    case 'verdict':
      return verdictText(event)
    case 'no_scores':
      return `FAILED: no scores after ${secondsText(event.afterMs)}, so nothing was broken; the logs may say why`
    case 'stopped':
      return 'Stopped. The data stays, the next start goes on from it'
  }
}

function readyText({ api, store, charts }: DemoUrls, missions: number, tookMs: number): string {
  return [
    `Ready after ${secondsText(tookMs)}: ${missions} missions registered`,
    `  API    ${api}`,
    `  docs   ${api}/docs`,
    `  store  ${store}`,
    ...(charts === undefined ? [] : [`  charts ${charts}`]),
  ].join('\n')
}

function processText(event: ProcessEvent): string | undefined {
  if (event.what !== 'died') return undefined
  return `${event.name} died (${event.why}) and starts again in ${secondsText(event.restartInMs)}`
}

export function verdictText(judgement: Judgement & { readonly service: string }): string {
  const { service, verdict, brokenFromMs } = judgement
  const { passed, broken, otherPoints, otherQuiet } = verdict
  const missed = broken.filter(({ highest }) => !(highest > 1)).map(({ labels }) => metricText(labels))
  const share = otherPoints === 0 ? 0 : (100 * otherQuiet) / otherPoints
  return [
    `${passed ? 'DETECTED' : 'FAILED'}: ${service} broke at ${clock(brokenFromMs)}`,
    `  ${detectionText(judgement)}`,
    ...missed.map((series) => `  never above 1: ${series}`),
    `  of ${amount(otherPoints)} other scored points ${share.toFixed(1)} % stayed at or below 1`,
  ].join('\n')
}

function detectionText({ verdict: { broken, detected }, firstAfterMs, allAfterMs }: Judgement): string {
  if (firstAfterMs === undefined) return 'it was not detected'
  const highest = Math.max(...broken.map((one) => (Number.isNaN(one.highest) ? 0 : one.highest)))
  const all =
    allAfterMs === undefined
      ? `${detected} of ${broken.length} broken series in all`
      : `all ${broken.length} broken series after ${secondsText(allAfterMs)}`
  return `first score above 1 after ${secondsText(firstAfterMs)}, ${all}, highest ${highest.toFixed(2)}`
}

const metricText = ({ __name__: metric = '', ...labels }: Reading['labels']) => seriesText({ metric, ...labels })
const secondsText = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
const amount = (count: number) => count.toLocaleString('en-US')
export const clock = (ms: number) => new Date(ms).toTimeString().slice(0, 8)
const dayAndClock = (ms: number) => `${new Date(ms).toDateString()} ${clock(ms)}`
