import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type DecodedSeries, decodeWriteRequest } from '../fakes/write-request.ts'

export interface HoldOptions {
  /** Which write requests count; the others pass. */
  readonly when: (series: readonly DecodedSeries[]) => boolean
  /** So many of them pass before the rest is held. */
  readonly after: number
}

export interface Hold {
  /** Resolves when the first request is held. */
  readonly reached: Promise<void>
  /** Later requests pass; what is held stays so. */
  open(): void
  /** Opens, and what is held reaches the store, though its sender may be gone. */
  forward(): void
  /** Opens, and what is held never arrives. */
  drop(): void
}

export interface WriteGate {
  readonly writeUrl: string
  hold(options: HoldOptions): Hold
  stop(): Promise<void>
}

/** A proxy before the store's remote-write endpoint that stops requests where a test wants their sender to die. */
export async function writeGate(storeUrl: string): Promise<WriteGate> {
  const holds: ((series: readonly DecodedSeries[]) => Promise<boolean>)[] = []
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray())
    if (request.url === '/api/v1/write') {
      const series = decodeWriteRequest(body)
      for (const mayPass of holds) if (!(await mayPass(series))) return void response.destroy()
    }
    const { method = 'GET', headers } = request
    const { host: _, connection: __, 'content-length': ___, ...kept } = headers
    const sent = { method, headers: kept as Record<string, string>, ...(method === 'POST' && { body }) }
    const answer = await fetch(`${storeUrl}${request.url}`, sent)
    response.writeHead(answer.status).end(await answer.text())
  }
  const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    writeUrl: `http://127.0.0.1:${port}/api/v1/write`,
    hold(options) {
      const { hold, mayPass } = createHold(options)
      holds.push(mayPass)
      return hold
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function createHold({ when, after }: HoldOptions) {
  let left = after
  const [reached, letGo] = [deferred<void>(), deferred<boolean>()]
  let isOpen = false
  const open = () => {
    isOpen = true
  }
  const end = (forward: boolean) => () => {
    open()
    letGo.resolve(forward)
  }
  return {
    hold: { reached: reached.promise, open, forward: end(true), drop: end(false) },
    async mayPass(series: readonly DecodedSeries[]): Promise<boolean> {
      if (isOpen || !when(series) || left-- > 0) return true
      reached.resolve()
      return letGo.promise
    },
  }
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve: (value: T) => resolve(value) }
}
