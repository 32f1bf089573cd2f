import { AppError } from '../../../models/errors.ts'
import type { PullSource, SourceFile } from '../pull/source.ts'
import { type DownloadPatience, downloadFile } from './download-file.ts'
import { type HubOptions, type HubResponse, openHub } from './hub-client.ts'
import { type HubModelName, listHubModel } from './hub-listing.ts'

export interface HubSourceOptions extends HubOptions {
  readonly model: HubModelName
  readonly patience?: Partial<DownloadPatience>
}

/** A model on Hugging Face or a mirror of it. */
export function hubSource({ model, patience, ...options }: HubSourceOptions): PullSource {
  const hub = openHub(options)
  return {
    description: `${hub.endpoint}/${model.id}`,
    list: (signal) => listHubModel(hub, model, signal),
    async fetch({ revision }, file, options) {
      let told: string | undefined
      const open = async (offset: number, signal: AbortSignal) => {
        const response = await hub.get({
          path: `/${model.id}/resolve/${revision}/${file.name}`,
          headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
          ...{ signal, what: `${file.name} of ${model.id}` },
        })
        told = sha256Told(response)
        assertSame(response, { file, revision, told })
        return response
      }
      await downloadFile(open, file, { ...options, ...patience })
      return told
    },
    close: () => hub.close(),
  }
}

/** Of large files: the hub's answer names what its storage is about to send. */
function sha256Told({ hubHeaders }: HubResponse): string | undefined {
  const etag = hubHeaders['x-linked-etag']?.toString()
  return /^(?:W\/)?"?([0-9a-f]{64})"?$/.exec(etag ?? '')?.[1]
}

interface Expectation {
  readonly file: SourceFile
  readonly revision: string
  readonly told: string | undefined
}

/** What the hub says of the file now is what it listed. */
function assertSame({ hubHeaders }: HubResponse, { file, revision, told }: Expectation): void {
  const { 'x-repo-commit': commit = revision } = hubHeaders
  const isOther = told !== undefined && file.sha256 !== undefined && told !== file.sha256
  if (commit !== revision || isOther)
    throw new AppError('RESPONSE_INVALID', `the hub sends another version of ${file.name} than it listed`)
}
