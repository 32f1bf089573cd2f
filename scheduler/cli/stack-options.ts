import type { StackOptions } from '../stack/stack.ts'
import { usageError } from './command.ts'

/** Each has data of its own, so that the demo leaves no missions behind. */
export const stackFolders = { up: '.anomaly-times', demo: '.anomaly-times/demo' } as const
type StackCommand = keyof typeof stackFolders

/** Options that `up` and `demo` share. */
export const stackOptions = {
  dir: { type: 'string', value: 'DIR', help: `data and logs; up: ${stackFolders.up}, demo: ${stackFolders.demo}` },
  port: { type: 'string', value: 'PORT', help: 'of the API; up: 9490, demo: a free one, the same at the next start' },
  'store-port': {
    type: 'string',
    value: 'PORT',
    help: 'of the store of its own; default: a free one, the same at the next start',
  },
  redis: { type: 'string', value: 'URL', help: 'use this Redis in place of one of its own' },
  store: { type: 'string', value: 'URL', help: 'use this store in place of one of its own' },
} as const

type StackValues = { readonly [Name in keyof typeof stackOptions]: string | undefined }

/** @throws INVALID_PARAMS naming the option. */
export function readStackOptions(
  command: StackCommand,
  { dir = stackFolders[command], port, 'store-port': storePort, redis, store }: StackValues,
): Pick<StackOptions, 'dir' | 'listen' | 'storePort' | 'redis' | 'store'> {
  if (storePort !== undefined && store !== undefined)
    throw usageError(command, 'give --store or --store-port, not both')
  const url = (flag: string, text: string, protocol: RegExp) => {
    if (URL.canParse(text) && protocol.test(new URL(text).protocol)) return { url: text.replace(/\/+$/, '') }
    throw usageError(
      command,
      `${flag} ${text}: write a URL such as ${flag === '--redis' ? 'redis' : 'http'}://HOST:PORT`,
    )
  }
  return {
    dir,
    ...(port !== undefined && { listen: `127.0.0.1:${portNumber(command, '--port', port)}` }),
    ...(storePort !== undefined && { storePort: portNumber(command, '--store-port', storePort) }),
    ...(redis !== undefined && { redis: url('--redis', redis, /^rediss?:$/) }),
    ...(store !== undefined && { store: url('--store', store, /^https?:$/) }),
  }
}

function portNumber(command: string, option: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw usageError(command, `${option} ${text}: write a number from 1 to 65535`)
}
