import type { DetectResult } from '../../flows/contexts.ts'
import type { Labels } from '../../models/series.ts'
import type { ScoredRow } from '../../tasks/score/judge-panel.ts'
import type { ForecastRow } from '../execution/forecast-rows.ts'
import type { RunOnceResult } from '../execution/run-once.ts'
import { numberText, scoreText } from '../terminal/number-text.ts'
import { seriesText } from '../terminal/series-text.ts'
import { textTable } from './table.ts'

const maxRows = 40

/** What a run did, for people. */
export function describeRun(done: RunOnceResult, isDryRun: boolean): string {
  const lines = done.flow === 'forecast' ? forecastLines(done, isDryRun) : detectLines(done, isDryRun)
  return [`T ${new Date(done.nominalMs).toISOString()}`, ...lines, secondsText(done.result.seconds)].join('\n')
}

type ForecastOnce = Extract<RunOnceResult, { flow: 'forecast' }>

function forecastLines({ result, rows }: ForecastOnce, isDryRun: boolean): string[] {
  const { read, forecast, skipped, fallback, payload, samplesWritten } = result
  return [
    ...forecastTable(rows),
    `${read} series read, ${forecast} forecast${payload ? ` by ${payload.model}, ${payload.horizon} steps ahead` : ''}`,
    ...fallbackLines(fallback),
    ...covariateLines(result.covariates),
    ...skipped.slice(0, 20).map(({ labels, reason }) => `  skipped ${rowText(labels)}: ${reason}`),
    ...(skipped.length > 20 ? [`  and ${skipped.length - 20} more skipped`] : []),
    ...emptyLines(read),
    isDryRun ? 'dry run: nothing was written' : `${samplesWritten} samples written`,
  ]
}

function covariateLines(use: ForecastOnce['result']['covariates']): string[] {
  const line = (what: string, counts: Readonly<Record<string, number>> = {}) => {
    const named = Object.entries(counts).map(([name, count]) => `${name} (${count} series)`)
    return named.length > 0 ? [`${what}: ${named.join(', ')}`] : []
  }
  return [
    ...line('with covariates', use?.used),
    ...line('without covariates that are missing', use?.missing),
    ...line('without covariates that never change in the context', use?.unvarying),
    ...line('nothing is known ahead of', use?.unknownAhead),
  ]
}

/** The newest value, and the forecast of the next step and of the last one. */
function forecastTable(rows: readonly ForecastRow[]): string[] {
  const [first] = rows
  if (!first) return []
  const { startMs, stepMs, pred } = first
  const at = (i: number) => new Date(startMs + i * stepMs).toISOString()
  const band = (when: string, index: number) =>
    (['pred', 'lower', 'upper'] as const).map((name) => ({
      title: `${when} ${name}`,
      cell: (row: ForecastRow) => numberText(row[name].at(index) ?? Number.NaN),
      align: 'right' as const,
    }))
  const table = textTable(rows.slice(0, maxRows), [
    { title: 'series', cell: ({ labels }) => rowText(labels) },
    { title: 'last value', cell: ({ lastValue }) => numberText(lastValue), align: 'right' },
    ...band('next', 0),
    ...band('end', -1),
  ])
  return [
    table,
    ...(rows.length > maxRows ? [`  and ${rows.length - maxRows} more: --json has all of them, step by step`] : []),
    `next: ${at(0)}, end: ${at(pred.length - 1)}`,
  ]
}

type DetectOnce = Extract<RunOnceResult, { flow: 'detect' }>

function detectLines({ result, fallback, minPoints }: DetectOnce, isDryRun: boolean): string[] {
  const { read, scored, rows, noBand } = result
  const numbers = ['value', 'pred', 'lower', 'upper'] as const
  const table = textTable(rows, [
    { title: 'series', cell: ({ labels }) => rowText(labels) },
    ...numbers.map((name) => ({
      title: name,
      cell: (row: DetectResult['rows'][number]) => numberText(row[name]),
      align: 'right' as const,
    })),
    { title: 'score', cell: ({ score }) => scoreText(score), align: 'right' },
    { title: 'state', cell: ({ state }) => state },
    { title: 'reason', cell: (row) => reasonText(row, minPoints) },
  ])
  return [
    ...(rows.length > 0 ? [table] : []),
    ...fallbackLines(fallback),
    `${read} series read, ${scored} scores ${isDryRun ? 'not written (dry run)' : 'written'}`,
    ...emptyLines(read),
    ...(noBand ? ['no forecast reaches this window: run a forecast first'] : []),
  ]
}

function fallbackLines(reason: string | undefined): string[] {
  return reason === undefined ? [] : [`the fall-back forecast: ${reason}`]
}

/** All rows are of one mission, which may have been made up for a query. */
const rowText = ({ mission: _, ...labels }: Labels): string => seriesText(labels) || '{}'

/** A run by itself has no forecast before this one that a series could be new since. */
function reasonText({ state, reason, points }: ScoredRow, minPoints: number): string {
  if (state !== 'learning' || points === undefined) return reason
  return points < minPoints ? `${points} of ${minPoints} points` : `${points} points, all after the T of the forecast`
}

/** A misspelt metric is no error of the store. */
export const emptyHint = 'does the store have that metric, and values of that time?'

function emptyLines(read: number): string[] {
  return read > 0 ? [] : [`the query returned nothing: ${emptyHint}`]
}

function secondsText(seconds: Readonly<Record<string, number>>): string {
  return Object.entries(seconds)
    .map(([stage, spent]) => `${stage} ${spent.toFixed(2)} s`)
    .join(', ')
}
