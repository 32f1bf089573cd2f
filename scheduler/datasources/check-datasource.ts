import { formatDuration } from '../../models/duration.ts'
import { toAppError } from '../../models/errors.ts'
import type { Datasource } from '../../tasks/prometheus/datasource.ts'
import type { DatasourceHttp } from '../../tasks/prometheus/http-client.ts'
import type { QueryClient } from '../../tasks/prometheus/query/query-client.ts'
import { excerpt } from '../../tasks/prometheus/store-failure.ts'
import { confirmVictoriaMetrics, readDedupInterval } from '../../tasks/prometheus/write/capabilities.ts'
import type { FutureWrites } from '../../tasks/prometheus/write/future-writes.ts'
import { compressSnappy } from '../../tasks/prometheus/write/remote-write-wire.ts'
import type { DatasourceCheck } from '../api/deps.ts'

/** A datasource with the clients that this process has for it. */
export interface CheckedDatasource {
  readonly datasource: Datasource
  readonly http: Pick<DatasourceHttp, 'request'>
  readonly reader: Pick<QueryClient, 'queryInstant'>
  /** Decides and remembers how the band is written. */
  futureWrites(signal: AbortSignal): Promise<FutureWrites>
}

type Finding = DatasourceCheck['findings'][number]

/** Asks a store whether it can be read and written; nothing is written. */
export async function checkDatasource(
  open: CheckedDatasource,
  nowMs: number,
  signal: AbortSignal,
): Promise<DatasourceCheck> {
  const checks = [checkRead(open, nowMs, signal), checkWrite(open, signal), checkKind(open, signal)]
  const findings = (await Promise.all(checks)).flat()
  return { ok: findings.every(({ severity }) => severity !== 'error'), findings }
}

async function checkRead({ reader }: CheckedDatasource, timeMs: number, signal: AbortSignal): Promise<Finding[]> {
  try {
    const [answer] = await reader.queryInstant({ query: 'vector(1)', timeMs }, signal)
    return answer?.value === 1 ? [] : [{ severity: 'error', detail: 'reading: vector(1) is not 1 here' }]
  } catch (error) {
    return [{ severity: 'error', detail: `reading: ${toAppError(error).message}` }]
  }
}

/** A request without series goes through address, authorization and receiver, and leaves nothing behind. */
async function checkWrite({ datasource, http }: CheckedDatasource, signal: AbortSignal): Promise<Finding[]> {
  try {
    const response = await http.request({
      ...{ method: 'POST', url: datasource.writeUrl, body: compressSnappy(new Uint8Array(0)), signal },
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
    })
    const text = await response.text()
    if (response.status >= 200 && response.status < 300) return []
    const hint = /remote write receiver/i.test(text)
      ? ' (start Prometheus with --web.enable-remote-write-receiver)'
      : ''
    return [
      {
        severity: 'error',
        detail: `writing: HTTP ${response.status} from ${datasource.writeUrl}: ${excerpt(text)}${hint}`,
      },
    ]
  } catch (error) {
    return [{ severity: 'error', detail: `writing: ${toAppError(error).message}` }]
  }
}

async function checkKind(checked: CheckedDatasource, signal: AbortSignal): Promise<Finding[]> {
  const { kind, writeUrl } = checked.datasource
  const confirmation = await confirmVictoriaMetrics(checked.http, writeUrl, signal)
  const doubt = `kind is victoriametrics, but ${writeUrl} does not answer as one`
  return [
    ...(kind === 'victoriametrics' && confirmation === 'no' ? [{ severity: 'warning', detail: doubt } as const] : []),
    ...(confirmation === 'yes' ? await checkDedup(checked, signal) : []),
    ...(await tellFutureWrites(checked, signal)),
  ]
}

async function tellFutureWrites({ futureWrites }: CheckedDatasource, signal: AbortSignal): Promise<Finding[]> {
  try {
    const isNative = (await futureWrites(signal)) === 'native'
    return [
      {
        severity: 'info',
        detail: isNative ? 'the band is drawn ahead of time' : 'detection draws the band, step by step',
      },
    ]
  } catch (error) {
    const { code, message } = toAppError(error)
    // a store that is away has failed the other checks
    return code === 'STORE_UNAVAILABLE' ? [] : [{ severity: 'error', detail: `writing: ${message}` }]
  }
}

async function checkDedup({ datasource, http }: CheckedDatasource, signal: AbortSignal): Promise<Finding[]> {
  const dedupMs = await readDedupInterval(http, datasource.writeUrl, signal)
  if (dedupMs === undefined || (dedupMs > 0 && dedupMs <= 1_000)) return []
  const detail =
    dedupMs === 0
      ? 'a sample that is sent twice counts twice: set -dedup.minScrapeInterval=1ms'
      : `-dedup.minScrapeInterval is ${formatDuration(dedupMs)}: of scores at shorter steps only the last stays`
  return [{ severity: 'warning', detail }]
}
