import { tryParseDuration } from '../../../models/duration.ts'
import { AppError } from '../../../models/errors.ts'
import type { DatasourceHttp, HttpRequest } from '../http-client.ts'

/** `unknown`: the store did not answer, or would not say. */
export type Confirmation = 'yes' | 'no' | 'unknown'

const probeTimeoutMs = 5_000

/**
 * Asks endpoints that only VictoriaMetrics has whether a read or remote-write URL is one. They lie under the URL's own
 * path: what else a gateway serves on the same host proves nothing. vmagent and vmauth, which forward to anything, are
 * none.
 */
export async function confirmVictoriaMetrics(
  http: Pick<DatasourceHttp, 'request'>,
  url: string,
  signal?: AbortSignal,
): Promise<Confirmation> {
  const base = url.replace(/\/+$/, '').replace(/\/api\/v1\/(?:write|push)$/, '')
  // vminsert answers no queries, but takes an empty import, which changes nothing
  const probe: Probe = /\/insert\/[^/]+\/prometheus$/.test(base)
    ? { method: 'POST', url: `${base}/api/v1/import/prometheus`, body: '', proves: (text) => text === '' }
    : {
        method: 'GET',
        url: `${base}/api/v1/status/top_queries?topN=1`,
        proves: (text) => text.includes('"topByCount"'),
      }
  const answer = await ask(http, { ...probe, signal })
  if (!answer) return 'unknown'
  if (answer.status >= 200 && answer.status < 300) return probe.proves(answer.text) ? 'yes' : 'no'
  return [400, 404, 405, 410, 501].includes(answer.status) ? 'no' : 'unknown'
}

/** The same as a decision. @throws STORE_UNAVAILABLE while the store does not say: ask again. */
export async function isVictoriaMetrics(
  http: Pick<DatasourceHttp, 'request'>,
  url: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const confirmation = await confirmVictoriaMetrics(http, url, signal)
  if (confirmation !== 'unknown') return confirmation === 'yes'
  throw new AppError('STORE_UNAVAILABLE', `${url} does not say whether it is VictoriaMetrics`)
}

interface Probe extends Pick<HttpRequest, 'method' | 'url' | 'body'> {
  proves(text: string): boolean
}

/**
 * VictoriaMetrics' `-dedup.minScrapeInterval`, 0 when it is not set: a sample that is sent twice is then two.
 * undefined where the store does not show its flags.
 */
export async function readDedupInterval(
  http: Pick<DatasourceHttp, 'request'>,
  url: string,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const base = url.replace(/\/+$/, '').replace(/\/api\/v1\/write$/, '')
  const answer = await ask(http, { method: 'GET', url: `${base}/flags`, signal })
  if (answer?.status !== 200 || !/^-[\w.]+="/m.test(answer.text)) return undefined
  const [, interval = '0s'] = /^-dedup\.minScrapeInterval="([^"]*)"/m.exec(answer.text) ?? []
  return tryParseDuration(interval)
}

/** undefined when nothing came back; only the caller's abort throws. */
async function ask(
  http: Pick<DatasourceHttp, 'request'>,
  request: HttpRequest,
): Promise<{ status: number; text: string } | undefined> {
  try {
    const response = await http.request({ timeoutMs: probeTimeoutMs, ...request })
    return { status: response.status, text: await response.text() }
  } catch {
    request.signal?.throwIfAborted()
    return undefined
  }
}
