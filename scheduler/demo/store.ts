import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import type { Labels } from '../../models/series.ts'

export interface RawSeries {
  readonly labels: Labels
  readonly timestampsMs: readonly number[]
  readonly values: readonly number[]
}

const sample = z.tuple([z.number(), z.string()])
const answer = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: sample.optional(),
        values: z.array(sample).optional(),
      }),
    ),
  }),
})

/** An instant query: one sample per series, or the raw samples of a range such as `anomaly_score[5m]`. */
export async function queryStore(storeUrl: string, query: string, atMs: number): Promise<RawSeries[]> {
  const url = `${storeUrl}/api/v1/query`
  const body = new URLSearchParams({ query, time: `${atMs / 1000}`, nocache: '1' })
  const { data } = answer.parse(await (await request(url, { method: 'POST', body })).json())
  return data.result.map(({ metric, value, values = value ? [value] : [] }) => ({
    labels: metric,
    timestampsMs: values.map(([seconds]) => Math.round(seconds * 1000)),
    values: values.map(([, text]) => Number(text)),
  }))
}

/** Takes samples of any age, which remote write of other stores does not: VictoriaMetrics' own import. */
export async function importSamples(storeUrl: string, series: readonly RawSeries[]): Promise<void> {
  const body = series
    .map(({ labels, timestampsMs, values }) => JSON.stringify({ metric: labels, timestamps: timestampsMs, values }))
    .join('\n')
  await request(`${storeUrl}/api/v1/import`, { method: 'POST', body })
}

/** Makes what was imported visible to queries at once. */
export async function flushStore(storeUrl: string): Promise<void> {
  await request(`${storeUrl}/internal/force_flush`, {})
}

async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) })
  } catch (error) {
    throw new AppError('STORE_UNAVAILABLE', `${url}: no answer`, { cause: error })
  }
  if (response.ok) return response
  const code = response.status < 500 ? 'UNSUPPORTED' : 'STORE_UNAVAILABLE'
  throw new AppError(code, `${url} answered ${response.status}: ${(await response.text()).slice(0, 300)}`)
}
