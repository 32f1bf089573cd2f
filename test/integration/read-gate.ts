import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReadGate {
  readonly url: string
  /** Set before anything is asked. */
  storeUrl: string
  /** Holds range queries of which the text passes, until `open` is called. */
  hold(when: (query: string) => boolean): ReadHold
  stop(): Promise<void>
}

export interface ReadHold {
  /** Queries that are held or were. */
  readonly queries: readonly string[]
  open(): void
}

/** A proxy before a store that stops queries where a test wants them to take their time. */
export async function readGate(): Promise<ReadGate> {
  const holds: ((query: string) => Promise<void>)[] = []
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray())
    const query = new URLSearchParams(body.toString()).get('query')
    if (request.url === '/api/v1/query_range' && query !== null) for (const held of holds) await held(query)
    const { method = 'GET', headers } = request
    const { host: _, connection: __, 'content-length': ___, ...kept } = headers
    const sent = { method, headers: kept as Record<string, string>, ...(method === 'POST' && { body }) }
    const answer = await fetch(`${gate.storeUrl}${request.url}`, sent)
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()))
  }
  const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gate: ReadGate = {
    ...{ url: `http://127.0.0.1:${port}`, storeUrl: '' },
    hold(when) {
      const queries: string[] = []
      let open: () => void = () => undefined
      const opened = new Promise<void>((resolve) => {
        open = resolve
      })
      holds.push(async (query) => {
        if (!when(query)) return
        queries.push(query)
        await opened
      })
      return { queries, open: () => open() }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return gate
}
