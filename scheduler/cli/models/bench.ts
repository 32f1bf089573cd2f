import type { Forecaster } from '../../../models/forecaster.ts'
import { inferenceOptions } from '../../inference/settings.ts'
import { openLocalModels } from '../../model-store/local-models.ts'
import { defineCommand, usageError } from '../command.ts'
import { textTable } from '../table.ts'
import { formatBytes, openStore, storeOptions } from './options.ts'

const stepMs = 300_000

export const modelsBench = defineCommand({
  name: 'models bench',
  summary: 'Forecast made-up series for some seconds: how many a second this machine does, in how much memory.',
  details: `Horizon 64, one worker process with the settings \`inference\`. NAME is a built-in model, one of the store or the
path of a folder. auto is measured as at the first run of a mission; with what it remembers it is quicker.
THREADS is how many cores networks may take (inference.threads); models without one take one. PER CORE is series per
second of CPU time, of all threads. PEAK RSS is the most memory that this whole process has had until then. With
AT_INFERENCE_THREADS=1 there is one copy of the weights in it.`,
  positionals: { name: 'NAME', min: 1, max: 1 },
  options: {
    context: {
      type: 'string',
      value: 'N',
      multiple: true,
      help: 'history in steps; default 512 and 2048, at most the model has',
    },
    series: { type: 'string', value: 'N', help: 'series asked for at a time; default 128' },
    seconds: { type: 'string', value: 'N', help: 'how long each context is measured; default 5' },
    json: { type: 'boolean', help: 'JSON in place of a table' },
    ...storeOptions,
  },
  examples: [['anomaly-times models bench chronos-bolt-small', 'before choosing it for ten thousand series']],
  async run({ values, positionals: [name = ''] }, io) {
    const contexts = values.context.length > 0 ? values.context.map((text) => count('--context', text)) : [512, 2_048]
    const series = count('--series', values.series ?? '128')
    const seconds = count('--seconds', values.seconds ?? '5')
    const { config } = openStore(values, io)
    const threads = inferenceOptions(config.inference).cores
    // who may start this process may measure what no mission may name
    const models = openLocalModels({ ...config, models: { ...config.models, allowed: undefined } })
    try {
      const forecaster = models.forecasters.get(name)
      const rows = []
      for (const context of new Set(contexts.map((length) => Math.min(length, forecaster.maxContext))))
        rows.push(await measure(forecaster, { context, series, seconds }))
      io.out(
        values.json
          ? JSON.stringify(rows.map((row) => ({ model: name, threads, ...row })))
          : textTable(rows, [
              { title: 'CONTEXT', cell: ({ context }) => `${context}`, align: 'right' },
              { title: 'SERIES/S', cell: ({ seriesPerSecond }) => rate.format(seriesPerSecond), align: 'right' },
              { title: 'PER CORE', cell: (row) => rate.format(row.seriesPerCoreSecond), align: 'right' },
              { title: 'THREADS', cell: () => `${threads}`, align: 'right' },
              { title: 'SERIES', cell: (row) => `${row.series}`, align: 'right' },
              { title: 'SECONDS', cell: (row) => row.seconds.toFixed(1), align: 'right' },
              { title: 'PEAK RSS', cell: ({ peakRssBytes }) => formatBytes(peakRssBytes), align: 'right' },
            ]),
      )
      return 0
    } finally {
      await models.close()
    }
  },
})

const rate = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

function count(option: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw usageError('models bench', `${option} ${text}: write a number above zero`)
}

interface Measurement {
  readonly context: number
  readonly series: number
  readonly seconds: number
}

/** The first forecast loads the weights and is not counted. */
async function measure(forecaster: Forecaster, { context, series, seconds }: Measurement) {
  const contexts = Array.from({ length: series }, (_, i) => madeUpSeries(context, i))
  const request = { contexts, endMs: context * stepMs, stepMs, horizon: 64, levels: [0.1, 0.5, 0.9] }
  await forecaster.forecast({ ...request, contexts: contexts.slice(0, 1) })
  const startedMs = performance.now()
  const startedCpu = process.cpuUsage()
  let done = 0
  do {
    await forecaster.forecast(request)
    done += series
  } while (performance.now() - startedMs < seconds * 1_000)
  const took = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(startedCpu)
  const seriesPerCoreSecond = done / ((user + system) / 1e6)
  const peakRssBytes = process.resourceUsage().maxRSS * 1_024
  return { context, series: done, seconds: took, seriesPerSecond: done / took, seriesPerCoreSecond, peakRssBytes }
}

function madeUpSeries(length: number, seed: number): Float64Array {
  return Float64Array.from(
    { length },
    (_, i) => 100 + 20 * Math.sin((i + seed) / 45.8) + 5 * Math.sin(i * (seed + 1.7)),
  )
}
