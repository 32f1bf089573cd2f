import { AppError } from '../../models/errors.ts'

export interface ListenAddress {
  readonly host: string
  /** 0 lets the kernel choose. */
  readonly port: number
}

const addressForm = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/

/** `host:port`, `[::1]:9490`, or `:9490` for every interface; undefined when it is none of these. */
export function tryParseAddress(text: string): ListenAddress | undefined {
  const [, v6, host, port] = addressForm.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) return undefined
  return { host: v6 ?? (host || '0.0.0.0'), port: Number(port) }
}

/** @throws INVALID_CONFIG naming the text. */
export function parseAddress(text: string): ListenAddress {
  const address = tryParseAddress(text)
  if (!address)
    throw new AppError('INVALID_CONFIG', `"${text}" is no listen address: write 127.0.0.1:9490 or [::1]:9490`)
  return address
}

/** Only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}

export function formatUrl({ host, port }: ListenAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
