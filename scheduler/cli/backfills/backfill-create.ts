import { z } from 'zod'
import { parseDuration } from '../../../models/duration.ts'
import type { sizeView } from '../../api/backfill-views.ts'
import { apiClient, apiOptions } from '../api-client.ts'
import { defineCommand, type OptionValues, usageError } from '../command.ts'
import { watchOption } from '../watch.ts'
import { exitCodeOf, followBackfill } from './follow-backfill.ts'

const options = {
  labels: { type: 'string', value: 'SELECTOR', help: 'all missions that bear these labels: team=sre,env!=dev' },
  from: { type: 'string', value: 'INSTANT', help: 'steps after it' },
  to: { type: 'string', value: 'INSTANT', help: 'steps up to it; default now' },
  last: { type: 'string', value: 'DURATION', help: 'in place of --from: so far back from --to' },
  flow: { type: 'string', value: 'both|forecast|detect', help: 'band and scores (default), or one of them' },
  id: { type: 'string', value: 'ID', help: 'yours: the same again is no second one; default: made of the time' },
  chunk: { type: 'string', value: 'DURATION', help: 'of --flow detect: how much one run scores' },
  order: { type: 'string', value: 'newest|oldest', help: 'which steps come first; default newest' },
  reprocess: { type: 'string', value: 'failed|none', help: 'none leaves T alone whose run failed; default failed' },
  'max-active': { type: 'string', value: 'N', help: 'most runs in the queue at a time; default 2' },
  'max-forecasts': { type: 'string', value: 'N', help: 'only the newest so many T' },
  'dry-run': { type: 'boolean', help: 'only say how much it would be' },
  watch: { ...watchOption, help: 'show the progress until it is over; the exit code is 1 when something failed' },
  json: { type: 'boolean', help: 'as the API has it' },
  ...apiOptions,
} as const

const created = z.looseObject({ id: z.string(), outcome: z.string(), progress: z.object({ total: z.number() }) })
const measured = z.object({ dryRun: z.custom<z.output<typeof sizeView>>((value) => typeof value === 'object') })

export const backfillCreate = defineCommand({
  name: 'backfill create',
  summary: 'Forecast and score a past range of a mission, or of many.',
  details:
    'Only what the store lacks is written; what is published stays as it is. Runs wait behind everything else, so live ticks\nare never late for it, and the store must take old samples (VictoriaMetrics does).',
  positionals: { name: '[MISSION]', min: 0, max: 1 },
  options,
  examples: [
    ['anomaly-times backfill create cpu --last 7d --dry-run', 'how much it would be'],
    ['anomaly-times backfill create cpu --last 7d --watch', 'the same, with progress'],
    [
      'anomaly-times backfill create --labels team=sre --from 2026-11-20T00:00:00Z --to 2026-11-21T00:00:00Z --id outage',
      'a day of many missions, under a name of yours',
    ],
  ],
  async run({ values, positionals: [mission] }, io) {
    const client = apiClient(values, io.environment)
    const body = bodyOf(values, mission, Date.now())
    const answer = await client.call({ method: 'POST', path: '/backfills', body })
    if (values['dry-run']) {
      const { dryRun } = measured.parse(answer)
      io.out(values.json ? JSON.stringify(dryRun, undefined, 2) : sizeText(dryRun))
      return 0
    }
    const { id, outcome, progress } = created.parse(answer)
    if (!values.watch) {
      io.out(values.json ? JSON.stringify(answer, undefined, 2) : `${id}: ${outcome}, ${progress.total} pieces`)
      return 0
    }
    if (!values.json) io.out(`${id}: ${outcome}, ${progress.total} pieces`)
    const over = await followBackfill(
      client,
      id,
      values.json ? { ...io, terminal: undefined, out: () => undefined } : io,
    )
    if (values.json) io.out(JSON.stringify(over, undefined, 2))
    return exitCodeOf(over)
  },
})

function bodyOf(values: OptionValues<typeof options>, mission: string | undefined, nowMs: number) {
  const { labels, flow, id, chunk, order, reprocess, last } = values
  const usage = (detail: string) => usageError('backfill create', detail)
  if ((mission === undefined) === (labels === undefined)) throw usage('name a MISSION or give --labels')
  if ((values.from === undefined) === (last === undefined)) throw usage('give --from or --last')
  const toMs = values.to === undefined ? Math.floor(nowMs / 1_000) * 1_000 : Date.parse(values.to)
  if (Number.isNaN(toMs)) throw usage(`--to ${values.to}: write an instant as 2026-01-31T12:00:00Z`)
  const from = values.from ?? new Date(toMs - parseDuration(last ?? '')).toISOString()
  const written = { mission, labels, flow, id, chunk, order, reprocess, from, to: new Date(toMs).toISOString() }
  return {
    ...Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)),
    ...(values['max-active'] !== undefined && { maxActive: Number(values['max-active']) }),
    ...(values['max-forecasts'] !== undefined && { maxForecasts: Number(values['max-forecasts']) }),
    dryRun: values['dry-run'],
  }
}

function sizeText({ missions, ticks, forecasts, chunks, steps }: z.output<typeof sizeView>): string {
  const of = `${missions} ${missions === 1 ? 'mission' : 'missions'}`
  return `${of}: ${forecasts} forecasts of ${ticks} T, ${chunks} runs of detection, ${steps} steps; nothing is stored`
}
