import type { Clock } from '../../process/clock.ts'
import type { Installation } from '../../store/installation.ts'
import type { StateDir } from './state-dir.ts'

/**
 * `written`. `unchanged`: nothing to write, or too soon. `empty`: Redis bears no id, it must be filled first.
 * `foreign`: the folder belongs to another installation than this Redis; somebody has to look.
 */
export type ExportOutcome = 'written' | 'unchanged' | 'empty' | 'foreign'

/** Redis to files, one a tenant. */
export interface DocumentExport {
  /** Writes what changed; the leader calls it every second or so. */
  poll(): Promise<ExportOutcome>
  /** When Redis and folder were last known to agree, for the age metric. */
  agreedMs(): number | undefined
}

interface DocumentName {
  readonly tenant: string
  readonly id: string
}

/** What is exported. */
export interface ExportSource {
  /** Another number after every change: cheap to poll. */
  revision(): Promise<number>
  /** The file of each tenant; what cannot be read is named beside. */
  texts(installation: string, onUnreadable: (name: DocumentName) => void): Promise<ReadonlyMap<string, string>>
}

export interface ExportOptions {
  readonly source: ExportSource
  readonly installation: Installation
  readonly dir: StateDir
  readonly clock: Clock
  /** Least time between two writes. Default 5 s. */
  readonly debounceMs?: number
}

export function createExport(options: ExportOptions): DocumentExport {
  const { source, installation, dir, clock, debounceMs = 5_000 } = options
  let revision: number | undefined
  let writtenMs = Number.NEGATIVE_INFINITY
  let agreedMs: number | undefined
  const unreadable = new Set<string>()

  /** What cannot be read in Redis any more is in the file that was written before. */
  async function keepUnreadable(names: readonly DocumentName[]): Promise<void> {
    const exported = await dir.tenants()
    for (const { tenant, id } of names) {
      const name = `${tenant}/${id}`
      if (unreadable.has(name)) continue
      if (exported.includes(tenant)) await dir.backUp(tenant, `${clock.now()}.bak`)
      unreadable.add(name)
    }
  }

  async function poll(): Promise<ExportOutcome> {
    const id = await installation.id()
    if (id === undefined) return 'empty'
    const exported = await dir.installation()
    if (exported !== undefined && exported !== id) return 'foreign'
    const nowMs = clock.now()
    const present = await source.revision()
    if (present === revision) agreedMs = nowMs
    if (present === revision || nowMs - writtenMs < debounceMs) return 'unchanged'
    const names: DocumentName[] = []
    const files = await source.texts(id, (name) => names.push(name))
    // a Redis that was emptied meanwhile showed us less than there was
    if ((await installation.id()) !== id) return 'empty'
    if (exported === undefined) await dir.setInstallation(id)
    await keepUnreadable(names)
    await writeAll(dir, files)
    revision = present
    writtenMs = nowMs
    agreedMs = nowMs
    return 'written'
  }
  return { poll, agreedMs: () => agreedMs }
}

async function writeAll(dir: StateDir, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [tenant, text] of files) await dir.write(tenant, text)
  for (const tenant of await dir.tenants()) if (!files.has(tenant)) await dir.remove(tenant)
}
