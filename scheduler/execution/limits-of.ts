import type { MissionName } from '../../models/series.ts'
import type { Config } from '../config.ts'
import type { MissionSettings } from '../missions/document/resolved.ts'
import type { RunJob } from '../queue/runs.ts'
import type { Limit } from '../store/limit-store.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'

interface LimitsOfOptions {
  readonly limits: Config['limits']
  mission(name: MissionName): Promise<StoredMission | undefined>
  readonly datasource: MissionSettings['datasource']
}

/** All limits of a configuration. */
export function configuredLimits({ flows, tenants, datasources }: Config['limits']): Limit[] {
  const named = Object.entries({ flow: flows, tenant: tenants, datasource: datasources })
  return named.flatMap(([kind, mosts]) =>
    Object.entries(mosts).map(([name, most]) => ({ name: `${kind}:${name}`, most })),
  )
}

/** Which of the configured limits a run counts for. */
export function limitsOf({ limits, mission, datasource }: LimitsOfOptions) {
  return async (job: RunJob): Promise<readonly Limit[]> => {
    const flow = job.task?.flow ?? job.flow
    const named: [string, number | undefined][] = [
      [`flow:${flow}`, (limits.flows as Readonly<Record<string, number>>)[flow]],
      [`tenant:${job.tenant}`, limits.tenants[job.tenant]],
    ]
    if (Object.keys(limits.datasources).length > 0) {
      const name = await datasourceOf(job)
      if (name !== undefined) named.push([`datasource:${name}`, limits.datasources[name]])
    }
    return named.flatMap(([name, most]) => (most === undefined ? [] : [{ name, most }]))
  }

  /** Of a mission that is gone there is none, and nothing to do. */
  async function datasourceOf({ tenant, mission: id, task }: RunJob): Promise<string | undefined> {
    const params = task?.params ?? {}
    if (typeof params.datasource === 'string') return params.datasource
    const named = id !== '' ? id : params.mission
    const stored = typeof named === 'string' ? await mission({ tenant, mission: named }) : undefined
    if (!stored && params.query === undefined) return undefined
    return datasource(tenant, stored?.document.datasource)?.name
  }
}
