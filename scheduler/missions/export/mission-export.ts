import { setImmediate } from 'node:timers/promises'
import type { MissionName } from '../../../models/series.ts'
import type { Clock } from '../../process/clock.ts'
import type { Installation } from '../../store/installation.ts'
import type { MissionStore } from '../../store/missions/mission-store.ts'
import { exportMission } from './export-file.ts'
import type { StateDir } from './state-dir.ts'

/**
 * `written`. `unchanged`: nothing to write, or too soon. `empty`: Redis bears no id, it must be filled first.
 * `foreign`: the folder belongs to another installation than this Redis; somebody has to look.
 */
export type ExportOutcome = 'written' | 'unchanged' | 'empty' | 'foreign'

export interface MissionExport {
  /** Writes what changed; the leader calls it every second or so. */
  poll(): Promise<ExportOutcome>
  /** When Redis and folder were last known to agree, for the age metric. */
  agreedMs(): number | undefined
}

export interface MissionExportOptions {
  readonly missions: Pick<MissionStore, 'all' | 'revision'>
  readonly installation: Installation
  readonly dir: StateDir
  readonly clock: Clock
  /** Least time between two writes. Default 5 s. */
  readonly debounceMs?: number
}

export function createMissionExport(options: MissionExportOptions): MissionExport {
  const { missions, installation, dir, clock, debounceMs = 5_000 } = options
  let revision: number | undefined
  let writtenMs = Number.NEGATIVE_INFINITY
  let agreedMs: number | undefined
  const unreadable = new Set<string>()

  /** What cannot be read in Redis any more is in the file that was written before. */
  async function keepUnreadable(names: readonly MissionName[]): Promise<void> {
    const exported = await dir.tenants()
    for (const { tenant, mission } of names) {
      const name = `${tenant}/${mission}`
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
    const present = await missions.revision()
    if (present === revision) agreedMs = nowMs
    if (present === revision || nowMs - writtenMs < debounceMs) return 'unchanged'
    const names: MissionName[] = []
    const files = await collect(missions, id, (name) => names.push(name))
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

/** One text a tenant. */
async function collect(
  missions: Pick<MissionStore, 'all'>,
  id: string,
  onUnreadable: (name: MissionName) => void,
): Promise<Map<string, string>> {
  const parts = new Map<string, string[]>()
  let count = 0
  for await (const mission of missions.all(onUnreadable)) {
    const { tenant } = mission
    if (!parts.has(tenant)) parts.set(tenant, [headerOf(tenant, id)])
    parts.get(tenant)?.push(exportMission(mission))
    // 10,000 missions take 2 s to print; the leader has other things to do meanwhile
    if (++count % 100 === 0) await setImmediate()
  }
  return new Map([...parts].map(([tenant, texts]) => [tenant, texts.join('')]))
}

const headerOf = (tenant: string, id: string): string =>
  `# Missions of tenant ${tenant}, installation ${id}. Written by anomaly-times; input of \`anomaly-times mission apply -f\`.\n`

async function writeAll(dir: StateDir, files: ReadonlyMap<string, string>): Promise<void> {
  for (const [tenant, text] of files) await dir.write(tenant, text)
  for (const tenant of await dir.tenants()) if (!files.has(tenant)) await dir.remove(tenant)
}
