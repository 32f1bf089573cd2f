import type { Dispatcher } from 'undici'
import { AppError } from '../../../models/errors.ts'
import { retryAfterMs } from '../../../tasks/prometheus/retry-after.ts'

export interface HubRefusal extends Pick<Dispatcher.ResponseData, 'headers' | 'body'> {
  readonly url: URL
  readonly status: number
  readonly what: string
  readonly token: string | undefined
}

/** In words for whoever pulls; the body is read away so that the connection can be used again. */
export async function hubFailure({ url, status, headers, body, what, token }: HubRefusal): Promise<AppError> {
  await body.dump({ limit: 64 * 1_024 }).catch(() => {})
  const { origin, hostname } = url
  const errorCode = headers['x-error-code']
  if (errorCode === 'GatedRepo')
    return new AppError(
      'HUB_DENIED',
      `${what} is gated: accept its terms at ${origin}, then set HF_TOKEN to a token of that account`,
    )
  if (status === 401 && token === undefined)
    // the hub does not tell strangers what is private
    return new AppError(
      'HUB_DENIED',
      `${hostname} has no public ${what}: check its name, or set HF_TOKEN if it is private`,
    )
  if (status === 401 || status === 403)
    return new AppError('HUB_DENIED', `${hostname} refuses ${what} (${status}): may the account of HF_TOKEN read it?`)
  if (status === 404) return new AppError('NOT_FOUND', `${hostname} has no ${what}`)
  if (status === 429 || status >= 500) {
    const waitMs = retryAfterMs((name) => headers[name]?.toString(), Date.now())
    const options = waitMs === undefined ? {} : { retryAfterMs: waitMs }
    return new AppError('HUB_UNAVAILABLE', `${hostname} answered ${status} for ${what}`, options)
  }
  return new AppError('RESPONSE_INVALID', `${hostname} answered ${status} for ${what}: is ${origin} a model hub?`)
}

export function hubUnreachable({ origin }: URL, error: unknown): AppError {
  const { code, message } = Object(Object(error).errors?.[0] ?? error)
  return new AppError('HUB_UNAVAILABLE', `${origin} cannot be reached (${code ?? message})`, { cause: error })
}
