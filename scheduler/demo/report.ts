import type { ProcessEvent } from '../stack/processes.ts'
import type { StackUrls } from '../stack/stack.ts'
import type { Reading } from './readings.ts'
import type { Screen } from './screen.ts'
import { renderTable, seriesText } from './table.ts'
import type { Verdict } from './verdict.ts'

/** What happens in a demo, in the order in which it does. */
export type DemoEvent =
  | { readonly event: 'starting'; readonly dir: string }
  | { readonly event: 'filled'; readonly samples: number; readonly fromMs: number; readonly tookMs: number }
  | { readonly event: 'ready'; readonly urls: StackUrls; readonly missions: number; readonly tookMs: number }
  | { readonly event: 'process'; readonly process: ProcessEvent }
  | { readonly event: 'broke' | 'recovered'; readonly service: string; readonly atMs: number }
  | ({ readonly event: 'verdict'; readonly service: string } & Judgement)
  | { readonly event: 'no_scores'; readonly afterMs: number }
  | { readonly event: 'stopped'; readonly dir: string }

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

/** For people: events as lines that stay, and under them the table. */
export function textReport(screen: Screen): Report {
  let shownStepMs: number | undefined
  return {
    note(event) {
      const text = describe(event)
      if (text === undefined) return
      const { red, green, bold } = screen.paint
      const paint = event.event === 'verdict' ? (event.verdict.passed ? green : red) : (line: string) => line
      screen.say(event.event === 'verdict' ? bold(paint(text)) : text)
    },
    show(view) {
      if (!screen.live && (view.stepMs === undefined || view.stepMs === shownStepMs)) return
      shownStepMs = view.stepMs
      const { columns, rows } = screen.size
      // without a screen to redraw a few lines per step say enough
      const size = { columns, rows: screen.live ? rows - 3 : 10 }
      screen.draw(['', screen.paint.bold(view.status), ...renderTable(view.readings, size, screen.paint)])
    },
  }
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
      return `Starting Redis, VictoriaMetrics, scheduler and workers; data and logs are in ${event.dir}`
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
      return `Stopped. The data stays in ${event.dir}, the next start goes on from it`
  }
}

function readyText({ api, store }: StackUrls, missions: number, tookMs: number): string {
  return [
    `Ready after ${secondsText(tookMs)}: ${missions} missions registered`,
    `  API    ${api}/api/v1/missions`,
    `  store  ${store}/vmui`,
  ].join('\n')
}

function processText(event: ProcessEvent): string | undefined {
  if (event.what !== 'died') return undefined
  return `${event.name} died (${event.why}) and starts again in ${secondsText(event.restartInMs)}`
}

export function verdictText({
  service,
  verdict,
  brokenFromMs,
  firstAfterMs,
  allAfterMs,
}: Judgement & { service: string }): string {
  const { passed, broken, detected, otherPoints, otherQuiet } = verdict
  const missed = broken.filter(({ highest }) => !(highest > 1)).map(({ labels }) => metricText(labels))
  const found =
    firstAfterMs === undefined
      ? 'it was not detected'
      : `first score above 1 after ${secondsText(firstAfterMs)}, ${detected} of ${broken.length} broken series${allAfterMs === undefined ? '' : ` after ${secondsText(allAfterMs)}`}`
  const highest = Math.max(...broken.map((one) => (Number.isNaN(one.highest) ? 0 : one.highest)))
  const share = otherPoints === 0 ? 0 : (100 * otherQuiet) / otherPoints
  return [
    `${passed ? 'DETECTED' : 'FAILED'}: ${service} broke at ${clock(brokenFromMs)}; ${found} (highest ${highest.toFixed(2)}).`,
    ...(missed.length > 0 ? [`  Never above 1: ${missed.join(', ')}.`] : []),
    `  Of ${amount(otherPoints)} other scored points ${share.toFixed(1)} % stayed at or below 1.`,
  ].join('\n')
}

const metricText = ({ __name__: metric = '', ...labels }: Reading['labels']) => seriesText({ metric, ...labels })
const secondsText = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
const amount = (count: number) => count.toLocaleString('en-US')
export const clock = (ms: number) => new Date(ms).toTimeString().slice(0, 8)
const dayAndClock = (ms: number) => `${new Date(ms).toDateString()} ${clock(ms)}`
