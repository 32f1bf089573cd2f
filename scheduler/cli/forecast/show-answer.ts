import { writeFile } from 'node:fs/promises'
import { AppError } from '../../../models/errors.ts'
import type { SeriesAnswer } from '../../../tasks/adhoc/describe-forecast.ts'
import { noPaint, terminalPaint } from '../../terminal/paint.ts'
import type { Io } from '../command.ts'
import { chartLegend, renderChart } from './chart.ts'
import { csvLines, type Format } from './formats.ts'
import { type Answer, plotData } from './plot-data.ts'

export interface Drawn {
  /** Series that are drawn at most. */
  readonly drawn: number
  /** File or query that they come from. */
  readonly source: string
}

/** @throws INVALID_PARAMS naming the file. */
export async function writePng(file: string, { series, metadata }: Answer, { drawn, source }: Drawn): Promise<void> {
  const { plotPng } = await import('./png/plot-png.ts')
  const plots = series.filter(isForecast).slice(0, drawn)
  try {
    await writeFile(file, plotPng(plots.map((each) => plotData(each, metadata, source))))
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `cannot write ${file}: ${(error as Error).message}`, { cause: error })
  }
}

export interface Shown extends Drawn {
  readonly format: Format
}

/** An answer as a whole; NDJSON is written series by series. */
export function showAnswer(answer: Answer, { format, ...rest }: Shown, io: Io): void {
  if (format === 'json') io.out(JSON.stringify(answer, undefined, 2))
  if (format === 'csv') for (const line of csvLines(answer)) io.out(line)
  if (format === 'chart') io.out(charts(answer, rest, io).join('\n'))
}

function charts({ series, metadata }: Answer, { drawn, source }: Drawn, io: Io): string[] {
  const paint = process.stdout.isTTY && io.terminal && !io.environment.NO_COLOR ? terminalPaint : noPaint
  const columns = Math.min(160, Math.max(40, io.terminal?.columns ?? 100))
  const { model, revision, predictionLength, quantileLevels, historyPoints } = metadata
  const forecasts = series.filter(isForecast)
  const count = `${forecasts.length} of ${series.length} series forecast`
  const shown = forecasts.slice(0, drawn)
  const rest = forecasts.length - shown.length
  return [
    ...shown.flatMap((each) => [...renderChart(plotData(each, metadata, source), { columns, rows: 12, paint }), '']),
    ...(shown.length > 0 ? [chartLegend(quantileLevels, paint)] : []),
    `${model}${revision === null ? '' : ` (${revision})`}: ${count}, ${predictionLength} steps ahead from ${historyPoints} points`,
    ...(rest > 0 ? [`${rest} more series are not drawn: --charts ${forecasts.length}, or -o json`] : []),
  ]
}

const isForecast = ({ skipped }: SeriesAnswer): boolean => skipped === undefined
