/** One file of a model, and what its source says of it before it is fetched. */
export interface SourceFile {
  readonly name: string
  /** undefined where the source does not say. */
  readonly bytes: number | undefined
  readonly sha256: string | undefined
  /** Hash of the file as a git object, for what lies in the repository itself. */
  readonly gitOid: string | undefined
}

export interface SourceListing {
  /** 40 to 64 hexadecimal digits that never mean other files. */
  readonly revision: string
  /** Branch, tag or commit that was asked for. */
  readonly requested?: string
  readonly files: readonly SourceFile[]
}

export interface FetchOptions {
  readonly path: string
  /** Longer files are refused. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  /** How much of the file is there, at every piece. */
  onBytes(bytes: number): void
  /** Something failed, and it goes on. */
  onRetry(reason: string): void
}

/** Where a model is pulled from. */
export interface PullSource {
  /** For people: a URL, a folder. */
  readonly description: string
  list(signal: AbortSignal): Promise<SourceListing>
  /**
   * Writes the file to `path`, after what an interrupted fetch left there. Resolves with the sha256 that came along with
   * the bytes, if any did; checking is up to the caller.
   */
  fetch(listing: SourceListing, file: SourceFile, options: FetchOptions): Promise<string | undefined>
  close(): Promise<void>
}

/** What a checkpoint needs, and the papers that must or should go with it. Nothing else is fetched, whatever is listed. */
export const requiredFiles: readonly string[] = ['config.json', 'model.safetensors']
export const wantedFiles: readonly string[] = [
  ...requiredFiles,
  ...['README.md', 'LICENSE', 'LICENSE.txt', 'LICENSE.md', 'NOTICE', 'NOTICE.txt'],
]
