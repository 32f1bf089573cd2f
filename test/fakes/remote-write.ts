import type { AppError } from '../../models/errors.ts'
import { seriesId } from '../../models/series.ts'
import type { SampleBlock, SeriesWriter } from '../../tasks/deps.ts'
import { datasourceConfig, resolveDatasource } from '../../tasks/prometheus/datasource.ts'
import { datasourceHttp } from '../../tasks/prometheus/http-client.ts'
import { createRemoteWriter, type RemoteWriterOptions } from '../../tasks/prometheus/write/remote-write-client.ts'
import { type ReceivedWrite, remoteWriteReceiver, type WriteReply } from './remote-write-receiver.ts'

export const t0 = 1_764_000_000_000
export const minuteMs = 60_000

/** Pods p0, p1, ... at minutes from t0 on, every sample with a value of its own. */
export function block(seriesCount: number, steps = 1, more: Partial<SampleBlock> = {}): SampleBlock {
  const series = Array.from({ length: seriesCount }, (_, i) => {
    const labels = { pod: `p${i}` }
    return { id: seriesId(labels), labels }
  })
  const timestampsMs = Array.from({ length: steps }, (_, i) => t0 + i * minuteMs)
  const values = Float64Array.from({ length: seriesCount * steps }, (_, i) => i)
  return { name: 'anomaly_score', series, timestampsMs, values, ...more }
}

type Options = Partial<RemoteWriterOptions> & { readonly timeoutMs?: number }

export function writerTo(
  writeUrl: string,
  { timeoutMs = 120_000, ...options }: Options = {},
): SeriesWriter & AsyncDisposable {
  const config = datasourceConfig.parse({ name: 'main', readUrl: new URL(writeUrl).origin, writeUrl })
  const datasource = { ...resolveDatasource(config), timeoutMs }
  const http = datasourceHttp(datasource)
  const more = { backoffMs: 1, budgetMs: 120_000, now: () => t0 + 60 * minuteMs, futureWrites: false, ...options }
  return { ...createRemoteWriter({ datasource, http, ...more }), [Symbol.asyncDispose]: () => http.close() }
}

/** Writes `blocks` to a receiver that answers as `reply` says. */
export async function write(
  blocks: readonly SampleBlock[],
  reply: (write: ReceivedWrite) => WriteReply | Promise<WriteReply>,
  options: Options = {},
) {
  await using receiver = await remoteWriteReceiver(reply)
  await using writer = writerTo(receiver.url, options)
  const outcome = await writer.write(blocks).then(
    (report) => ({ report, error: undefined }),
    (error: AppError) => ({ report: undefined, error }),
  )
  return { ...outcome, ...receiver, peak: receiver.peak }
}

export const ok = { status: 204 }
export const holds = ({ series }: ReceivedWrite, pods: readonly string[]) =>
  series.some(({ labels }) => pods.includes(labels.pod ?? ''))
