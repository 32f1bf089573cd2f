import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface HeaderEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly number[]
}

export type Header = Readonly<Record<string, HeaderEntry>>

/** Bytes of a safetensors file, well-formed or not. */
export function safetensors(header: Header | string, data: Uint8Array): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, data])
}

export function parseSafetensors(path: string): { header: Header; data: Buffer } {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  const { __metadata__, ...header } = JSON.parse(bytes.subarray(8, 8 + length).toString())
  // a copy, so that float32 views of it are aligned
  return { header, data: Buffer.from(Uint8Array.from(bytes.subarray(8 + length)).buffer) }
}

/** A folder for a test's files, and what removes it. */
export function temporaryFolder(name: string) {
  const root = mkdtempSync(join(tmpdir(), `anomaly-times-${name}-`))
  let count = 0
  return {
    /** A new folder with these files. */
    write(files: Readonly<Record<string, string | Uint8Array>>): string {
      const folder = join(root, String(count++))
      mkdirSync(folder)
      for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content)
      return folder
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
