import { expect, test } from 'vitest'
import { clock, describe, type Judgement, jsonReport, textReport, verdictText } from '../../../scheduler/demo/report.ts'
import { openScreen } from '../../../scheduler/demo/screen.ts'

const brokenFromMs = Date.UTC(2026, 10, 24, 12, 0, 0)
const labels = { __name__: 'shop_error_ratio', job: 'shop', service: 'cart' }

function judgement(highest: number): Judgement {
  const detected = highest > 1 ? 1 : 0
  return {
    verdict: {
      passed: detected === 1,
      broken: [{ labels, points: 3, highest, firstMs: detected ? brokenFromMs : undefined }],
      detected,
      otherPoints: 1_000,
      otherQuiet: 996,
    },
    brokenFromMs,
    firstAfterMs: detected ? 12_400 : undefined,
    allAfterMs: detected ? 12_400 : undefined,
  }
}

test('the last word says what was detected after how long, and how quiet the others were', () => {
  expect(verdictText({ service: 'cart', ...judgement(3.456) }).split('\n')).toEqual([
    `DETECTED: cart broke at ${clock(brokenFromMs)}`,
    '  first score above 1 after 12 s, all 1 broken series after 12 s, highest 3.46',
    '  of 1,000 other scored points 99.6 % stayed at or below 1',
  ])
})

test('a failure names the series that were missed', () => {
  expect(verdictText({ service: 'cart', ...judgement(NaN) }).split('\n')).toEqual([
    `FAILED: cart broke at ${clock(brokenFromMs)}`,
    '  it was not detected',
    '  never above 1: shop_error_ratio{cart}',
    '  of 1,000 other scored points 99.6 % stayed at or below 1',
  ])
})

test('the addresses come first', () => {
  const urls = { api: 'http://127.0.0.1:1', redis: 'redis://127.0.0.1:2', store: 'http://127.0.0.1:3' }
  const text = `Ready after 9.0 s: 7 missions registered
  API    http://127.0.0.1:1
  docs   http://127.0.0.1:1/docs
  store  http://127.0.0.1:3`
  const ready = { event: 'ready', missions: 7, tookMs: 9_000 } as const
  expect(describe({ ...ready, urls })).toBe(text)
  const charts = 'http://127.0.0.1:3/vmui/'
  expect(describe({ ...ready, urls: { ...urls, charts } })).toBe(`${text}\n  charts ${charts}`)
})

test('of the processes only a death is worth a line', () => {
  const died = { what: 'died', name: 'worker-detect', why: 'SIGKILL', restartInMs: 500 } as const
  expect(describe({ event: 'process', process: died })).toBe('worker-detect died (SIGKILL) and starts again in 0.5 s')
  expect(describe({ event: 'process', process: { what: 'ready', name: 'scheduler', pid: 1 } })).toBeUndefined()
})

const view = { atMs: 0, stepMs: 10_000, readings: [], status: 'here' }

test('without a terminal each step is shown once', () => {
  const written: string[] = []
  const report = textReport(openScreen({ write: (text: string) => written.push(text) > 0 }, {}))
  report.show({ ...view, stepMs: undefined })
  report.show(view)
  report.show(view)
  report.show({ ...view, stepMs: 20_000 })
  expect(written.filter((text) => text.includes('here'))).toHaveLength(2)
})

test('on a terminal what happened stays above the table, within its height', () => {
  const written: string[] = []
  const terminal = { write: (text: string) => written.push(text) > 0, isTTY: true as const, rows: 8, columns: 100 }
  const report = textReport(openScreen(terminal, { NO_COLOR: '1' }))
  const readings = Array.from({ length: 20 }, (_, i) => ({
    ...{ labels: { mission: 'm', metric: `metric_${i}` }, value: 1, pred: 1, lower: 0, upper: 2 },
    ...{ score: i / 100, state: 'ok' as const },
  }))
  report.show({ ...view, readings })
  report.note({ event: 'recovered', service: 'cart', atMs: brokenFromMs })
  const lines = written.at(-1)?.split('\n') ?? []
  expect(lines[0]).toContain('cart is well again')
  expect(lines[2]).toBe('here')
  expect(lines).toHaveLength(8)
})

test('for scripts every line is JSON', () => {
  const lines: string[] = []
  const report = jsonReport((line) => lines.push(line))
  report.note({ event: 'verdict', service: 'cart', ...judgement(2) })
  report.show(view)
  report.show(view)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'verdict', service: 'cart', verdict: { passed: true }, firstAfterMs: 12_400 },
    { event: 'step', stepMs: 10_000, ok: 0, anomaly: 0, learning: 0 },
  ])
})
