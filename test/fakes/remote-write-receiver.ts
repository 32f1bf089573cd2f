import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { type DecodedSeries, decodeWriteRequest } from './write-request.ts'

export interface ReceivedWrite {
  /** 0 for the first request. */
  readonly index: number
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly series: readonly DecodedSeries[]
  readonly bytes: number
}

/** `hang` never answers, `cut` closes the connection without an answer. */
export type WriteReply =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'cut'

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: readonly ReceivedWrite[]
  /** Samples of requests that were answered with 2xx, in order. */
  readonly stored: readonly { readonly pod: string; readonly timestampMs: number; readonly value: number }[]
  /** Most requests that were open at one time. */
  readonly peak: number
}

/** A remote-write endpoint on a free loopback port that answers as `reply` says. */
export async function remoteWriteReceiver(
  reply: (write: ReceivedWrite) => WriteReply | Promise<WriteReply>,
): Promise<Receiver> {
  const received: ReceivedWrite[] = []
  const stored: { pod: string; timestampMs: number; value: number }[] = []
  let open = 0
  let peak = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray())
    const { method = '', headers } = request
    const write = { index: received.length, method, headers, series: decodeWriteRequest(body), bytes: body.length }
    received.push(write)
    const answered = await reply(write)
    if (answered === 'hang') return
    if (answered === 'cut') return void response.destroy()
    if (answered.status < 300) {
      stored.push(
        ...write.series.flatMap(({ labels, samples }) => samples.map((s) => ({ pod: labels.pod ?? '', ...s }))),
      )
    }
    response.writeHead(answered.status, answered.headers).end(answered.body)
  }

  const server = createServer((request, response) => {
    peak = Math.max(peak, ++open)
    void answer(request, response).finally(() => open--)
  })
  // a client that was held up for seconds finds its connection as it left it
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/api/v1/write`,
    ...{ received, stored },
    get peak() {
      return peak
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
