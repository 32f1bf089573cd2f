import type { StackOptions } from '../stack/stack.ts'
import { usageError } from './command.ts'

/** Options that `up` and `demo` share. */
export const stackOptions = {
  dir: { type: 'string', value: 'DIR', help: 'data and logs; default .anomaly-times' },
  port: { type: 'string', value: 'PORT', help: 'of the API; up: 9490, demo: any' },
  redis: { type: 'string', value: 'URL', help: 'use this Redis in place of one of its own' },
  store: { type: 'string', value: 'URL', help: 'use this store in place of one of its own' },
} as const

type StackValues = { readonly [Name in keyof typeof stackOptions]: string | undefined }

/** @throws INVALID_PARAMS naming the option. */
export function readStackOptions(
  command: string,
  { dir = '.anomaly-times', port, redis, store }: StackValues,
): Pick<StackOptions, 'dir' | 'listen' | 'redis' | 'store'> {
  const url = (flag: string, text: string, protocol: RegExp) => {
    if (URL.canParse(text) && protocol.test(new URL(text).protocol)) return { url: text.replace(/\/+$/, '') }
    throw usageError(
      command,
      `${flag} ${text}: write a URL such as ${flag === '--redis' ? 'redis' : 'http'}://HOST:PORT`,
    )
  }
  return {
    dir,
    ...(port !== undefined && { listen: `127.0.0.1:${portNumber(command, port)}` }),
    ...(redis !== undefined && { redis: url('--redis', redis, /^rediss?:$/) }),
    ...(store !== undefined && { store: url('--store', store, /^https?:$/) }),
  }
}

function portNumber(command: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw usageError(command, `--port ${text}: write a number from 1 to 65535`)
}
