import { AppError } from '../../models/errors.ts'
import type { StackOptions } from '../stack/stack.ts'

/** The options that `up` and `demo` share, as they were written. */
export interface StackFlags {
  readonly port?: string | undefined
  readonly redis?: string | undefined
  readonly store?: string | undefined
}

export function stackChoices({ port, redis, store }: StackFlags): Pick<StackOptions, 'listen' | 'redis' | 'store'> {
  return {
    ...(port === undefined ? {} : { listen: `127.0.0.1:${portNumber(port)}` }),
    ...(redis === undefined ? {} : { redis: { url: checkedUrl('--redis', redis, /^rediss?:$/) } }),
    ...(store === undefined ? {} : { store: { url: checkedUrl('--store', store, /^https?:$/) } }),
  }
}

function portNumber(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new AppError('INVALID_PARAMS', `--port ${text}: write a number from 1 to 65535`)
}

function checkedUrl(flag: string, text: string, protocol: RegExp): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && protocol.test(url.protocol)) return text.replace(/\/+$/, '')
  throw new AppError(
    'INVALID_PARAMS',
    `${flag} ${text}: write a URL such as ${flag === '--redis' ? 'redis' : 'http'}://HOST:PORT`,
  )
}
