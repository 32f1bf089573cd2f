import { basename } from 'node:path'
import type { ForecastOnceInput } from '../../../flows/forecast-once-params.ts'
import { AppError, toAppError } from '../../../models/errors.ts'
import { loadConfig } from '../../config.ts'
import { apiClient } from '../api-client.ts'
import { defineCommand, type Io, usageError } from '../command.ts'
import { withStore } from '../run.ts'
import { emptyHint } from '../run-report.ts'
import { abortOnSignals } from '../signals.ts'
import { forecastThere } from './forecast-there.ts'
import { joinAnswers, ndjsonLine } from './formats.ts'
import { atLines, type Part, withLines } from './input-part.ts'
import {
  checkPicture,
  namingOptions,
  options,
  type Request,
  readCount,
  readFormat,
  readRequest,
  type Values,
} from './options.ts'
import type { Answer } from './plot-data.ts'
import { openProgress } from './progress.ts'
import { readInput } from './read-input.ts'
import { showAnswer, writePng } from './show-answer.ts'

export const forecast = defineCommand({
  name: 'forecast',
  summary: 'Forecast any series once: of a query or of a file. Nothing is written.',
  details: `--input forecasts in this process, with no server at all. --promql asks the API (its datasource, its workers), or with
--store the store itself.

A CSV has a line of column names and a row for every value: id (if there are several series), timestamp, target. Rows
of a series are in order of time, at even steps; a missing row or an empty cell is a gap.
An NDJSON file has a series a line: {"labels":{"shop":"a"},"values":[1,null,3]}, with "start" where times matter.
Out comes, with -o ndjson, a line for each in the same order: {"labels":{...},"quantiles":{"0.1":[...],"0.5":[...]}}.

The chart shows what was and what comes: the line is the median, half of all futures lie above it; the band holds the
futures between the lowest and the highest quantile.`,
  options,
  examples: [
    [
      "anomaly-times forecast -q 'rate(http_requests_total[5m])' --store http://localhost:8428",
      'a query, the store itself',
    ],
    ['anomaly-times forecast -q node_load1 --horizon 288 --png load.png', 'by the API, a day ahead, as a picture'],
    [
      'anomaly-times forecast -i sales.csv --step 1d --model ./models/chronos-bolt-tiny',
      'a table, a model in a folder',
    ],
    ['anomaly-times forecast -i - -o ndjson --quantiles 0.05,0.5,0.95 < series.ndjson', 'a pipe, without a server'],
  ],
  async run({ values }, io) {
    if ((values.promql === undefined) === (values.input === undefined))
      throw usageError('forecast', 'name one of --promql QUERY and --input FILE')
    const format = readFormat(values)
    const drawn = readCount(values, 'charts') ?? 3
    checkPicture(values)
    const answers: Answer[] = []
    for await (const answer of forecastAll(readRequest(values, format), values, io)) {
      // what is written line by line need not be held
      if (format === 'ndjson')
        for (const series of answer.series) io.out(ndjsonLine(series, answer.metadata.quantileLevels))
      answers.push(format === 'ndjson' ? { ...answer, series: answer.series.slice(0, drawn) } : answer)
    }
    const whole = joinAnswers(answers)
    if (!whole) throw new AppError('INTERNAL', 'nothing was forecast')
    // an empty answer of the API is none of a command: scripts would go on with it
    if (whole.series.length === 0) throw new AppError('NOT_FOUND', `the query returned no series: ${emptyHint}`)
    const source = sourceOf(values)
    if (values.png !== undefined) await writePng(values.png, whole, { drawn, source })
    showAnswer(whole, { format, drawn, source }, io)
    for (const warning of whole.metadata.warnings.slice(0, 5)) io.err(`warning: ${warning}`)
    return 0
  },
})

/** What a chart is of: the query, or the file and the column that was named. */
function sourceOf({ promql, input = '-', 'target-column': column }: Values): string {
  if (promql !== undefined) return promql
  const file = input === '-' ? 'stdin' : basename(input)
  return column === undefined ? file : `${file}: ${column}`
}

async function* forecastAll(request: Request, values: Values, io: Io): AsyncGenerator<Answer> {
  const progress = openProgress(io)
  const signal = abortOnSignals()
  const told = { signal, onProgress: progress.series, onWait: () => progress.tell('waiting for a forecast worker') }
  try {
    if (values.promql !== undefined && values.store === undefined) {
      yield await forecastThere(
        { ...request, query: values.promql },
        { client: apiClient(values, io.environment), ...told },
      )
      return
    }
    const loaded = loadConfig({ file: values.config, environment: io.environment })
    // a file needs no store
    const config = values.promql === undefined ? loaded : withStore('forecast', loaded, values.store)
    progress.tell('loading the model')
    const { openForecaster } = await import('./forecast-here.ts')
    const forecaster = openForecaster({ config, ...told })
    try {
      if (values.promql !== undefined) yield await forecaster.forecast({ ...request, query: values.promql })
      else yield* forecastFile(forecaster.forecast, request, values, io)
    } finally {
      await forecaster.close()
    }
  } catch (error) {
    throw namingOptions(toAppError(error), values)
  } finally {
    progress.clear()
  }
}

async function* forecastFile(
  forecastOne: (input: ForecastOnceInput) => Promise<Answer>,
  request: Request,
  values: Values,
  io: Io,
): AsyncGenerator<Answer> {
  const { input: file = '-' } = values
  const columns = { id: values['id-column'], timestamp: values['time-column'], target: values['target-column'] }
  for (const part of await readInput(file, columns, io))
    yield await located(part, () => forecastOne({ ...request, ...part.input }))
}

/** Errors and warnings name lines of the file. */
async function located(part: Part, work: () => Promise<Answer>): Promise<Answer> {
  try {
    const { series, metadata } = await work()
    const warnings = [...part.warnings, ...metadata.warnings.map((warning) => withLines(warning, part))]
    return { series, metadata: { ...metadata, warnings } }
  } catch (error) {
    throw atLines(toAppError(error), part)
  }
}
