import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { localServer } from './local-server.ts'

export interface HubRequestSeen {
  readonly at: 'hub' | 'storage'
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}

/** Answers in place of the hub, or returns false to leave it to it. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean

export interface FakeHub extends AsyncDisposable {
  readonly url: string
  readonly storageUrl: string
  readonly seen: HubRequestSeen[]
  /** Changed by tests between requests. */
  atHub: Interference
  atStorage: Interference
}

export interface FakeHubModel {
  /** `ORG/NAME`. */
  readonly id: string
  readonly commit: string
  readonly files: Readonly<Record<string, Buffer>>
  /** Branches and tags of the commit, besides main. */
  readonly refs?: readonly string[]
  /** Only who shows this token may read it. */
  readonly token?: string
}

const hash = (algorithm: string, bytes: string | Buffer) => createHash(algorithm).update(bytes).digest('hex')
export const sha256 = (bytes: Buffer): string => hash('sha256', bytes)
const gitOid = (bytes: Buffer) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
const isLarge = (name: string) => name.endsWith('.safetensors')

/** Hugging Face as far as a pull sees it: listing, files of the repository, and a storage host for the large ones. */
export async function fakeHub(models: readonly FakeHubModel[]): Promise<FakeHub> {
  const seen: HubRequestSeen[] = []
  const blobs = new Map(models.flatMap(({ files }) => Object.values(files).map((bytes) => [sha256(bytes), bytes])))
  const note = (at: HubRequestSeen['at'], { url = '', headers }: IncomingMessage) =>
    seen.push({ at, path: url, range: headers.range, authorization: headers.authorization })

  const storage = await localServer((request, response) => {
    note('storage', request)
    if (hub.atStorage(request, response)) return
    const bytes = blobs.get(request.url?.split('/').at(-1) ?? '')
    if (bytes) sendBytes(request, response, bytes)
    else response.writeHead(404).end()
  })
  const server = await localServer((request, response) => {
    note('hub', request)
    if (!hub.atHub(request, response)) answer(request, response)
  })

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { id, asked, name } = parsePath(new URL(request.url ?? '', server.url).pathname)
    const model = models.find((one) => one.id === id)
    const refusal = refusalOf(model, request.headers.authorization, asked)
    if (!model || refusal) return void refuse(response, refusal?.status ?? 404, refusal?.code ?? '')
    if (name === undefined) return void sendJson(response, listing(model))
    const bytes = model.files[name]
    if (!bytes) return void refuse(response, 404, 'EntryNotFound')
    response.setHeader('x-repo-commit', model.commit)
    if (!isLarge(name)) {
      response.setHeader('etag', `"${gitOid(bytes)}"`)
      return void sendBytes(request, response, bytes)
    }
    const headers = { 'x-linked-etag': `"${sha256(bytes)}"`, 'x-linked-size': bytes.length }
    response.writeHead(302, { ...headers, location: `${storage.url}/repos/${sha256(bytes)}` }).end('Found. Redirecting')
  }

  const hub: FakeHub = {
    ...{ url: server.url, storageUrl: storage.url, seen },
    atHub: () => false,
    atStorage: () => false,
    async [Symbol.asyncDispose]() {
      await Promise.all([server.close(), storage.close()])
    },
  }
  return hub
}

function parsePath(path: string) {
  const [, id, asked = '', name] =
    /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(path) ??
    /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path) ??
    []
  return { id, asked: decodeURIComponent(asked), name }
}

/** Strangers are not told what there is. */
function refusalOf(model: FakeHubModel | undefined, shown: string | undefined, asked: string) {
  if (!model) return { status: shown ? 404 : 401, code: 'RepoNotFound' }
  if (model.token && shown !== `Bearer ${model.token}`) return { status: shown ? 403 : 401, code: 'GatedRepo' }
  const refs = ['main', model.commit, ...(model.refs ?? [])]
  return refs.includes(asked) ? undefined : { status: 404, code: 'RevisionNotFound' }
}

export function listing({ id, commit, files }: FakeHubModel) {
  const siblings = Object.entries(files).map(([rfilename, bytes]) => ({
    ...{ rfilename, size: bytes.length, blobId: gitOid(bytes) },
    ...(isLarge(rfilename) && {
      blobId: hash('sha1', 'pointer'),
      lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 134 },
    }),
  }))
  return { id, modelId: id, sha: commit, private: false, gated: false, siblings }
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' }).end('{"error":"refused"}')
}

/** As a storage host: whole, or from where it is asked for. */
export function sendBytes({ headers }: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? Number.NaN)
  if (Number.isNaN(from)) return void response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  if (from >= bytes.length) return void response.writeHead(416).end()
  const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`
  response.writeHead(206, { 'content-range': range, 'content-length': bytes.length - from }).end(bytes.subarray(from))
}
