import { setImmediate } from 'node:timers/promises'
import type { MissionStore } from '../../store/missions/mission-store.ts'
import { createExport, type DocumentExport, type ExportOptions } from './create-export.ts'
import { exportMission } from './export-file.ts'

export interface MissionExportOptions extends Omit<ExportOptions, 'source'> {
  readonly missions: Pick<MissionStore, 'all' | 'revision'>
}

export function createMissionExport({ missions, ...options }: MissionExportOptions): DocumentExport {
  return createExport({
    ...options,
    source: {
      revision: () => missions.revision(),
      async texts(installation, onUnreadable) {
        const named = missions.all(({ tenant, mission: id }) => onUnreadable({ tenant, id }))
        const header = (tenant: string) => headerOf(tenant, installation)
        return collectTexts(named, header, exportMission)
      },
    },
  })
}

const headerOf = (tenant: string, id: string): string =>
  `# Missions of tenant ${tenant}, installation ${id}. Written by anomaly-times; input of \`anomaly-times mission apply -f\`.\n`

/** One text a tenant: a header, then every document. */
export async function collectTexts<Document extends { readonly tenant: string }>(
  documents: AsyncIterable<Document>,
  header: (tenant: string) => string,
  text: (document: Document) => string,
): Promise<Map<string, string>> {
  const parts = new Map<string, string[]>()
  let count = 0
  for await (const document of documents) {
    const { tenant } = document
    if (!parts.has(tenant)) parts.set(tenant, [header(tenant)])
    parts.get(tenant)?.push(text(document))
    // 10,000 missions take 2 s to print; the leader has other things to do meanwhile
    if (++count % 100 === 0) await setImmediate()
  }
  return new Map([...parts].map(([tenant, texts]) => [tenant, texts.join('')]))
}
