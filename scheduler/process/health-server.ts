import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError } from '../../models/errors.ts'
import { formatUrl, parseAddress } from '../config/address.ts'
import type { Metrics } from './metrics.ts'
import { assessReadiness, type ReadinessCheck } from './readiness.ts'

export interface HealthServerOptions {
  /** `host:port`; port 0 lets the kernel choose. */
  readonly listen: string
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  readonly checks: readonly ReadinessCheck[]
  /** Why the process should be restarted; undefined while it lives. */
  readonly dead?: () => string | undefined
}

export interface HealthServer {
  readonly url: string
  close(): Promise<void>
}

/** /livez, /readyz and /metrics of a process that has no API. @throws INVALID_CONFIG when the address is taken. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port } = parseAddress(options.listen)
  const server = createServer((request, response) => {
    void respond(options, request.method, request.url?.split('?')[0], response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new AppError('INVALID_CONFIG', `cannot listen on ${options.listen}: ${error.message}`, { cause: error })),
    )
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: formatUrl({ host, port: address.port }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(
  { metrics, checks, dead }: HealthServerOptions,
  method: string | undefined,
  path: string | undefined,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'only GET\n')
  if (path === '/livez') return sendLiveness(response, dead?.())
  if (path === '/readyz') {
    const readiness = await assessReadiness(checks)
    return send(response, readiness.ready ? 200 : 503, 'application/json', JSON.stringify(readiness))
  }
  if (path !== '/metrics') return send(response, 404, 'text/plain', 'try /livez, /readyz or /metrics\n')
  try {
    send(response, 200, metrics.contentType, await metrics.text())
  } catch (error) {
    send(response, 500, 'text/plain', `${error}\n`)
  }
}

function sendLiveness(response: ServerResponse, reason: string | undefined): void {
  send(
    response,
    reason === undefined ? 200 : 503,
    'application/json',
    JSON.stringify({ alive: reason === undefined, reason }),
  )
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }).end(body)
}
