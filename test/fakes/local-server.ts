import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>

export interface LocalServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** An HTTP (or, with `tls`, HTTPS) server on a free loopback port that answers as `handler` says. */
export async function localServer(handler: Handler, tls?: ServerOptions): Promise<LocalServer> {
  const listener: RequestListener = async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    await handler(request, response, Buffer.concat(parts).toString())
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, port, close, [Symbol.asyncDispose]: close }
}
