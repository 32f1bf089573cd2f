import type { Deps } from '../../tasks/deps.ts'
import type { ResolvedMission } from '../missions/document/resolved.ts'
import type { ExecutionDeps } from './ports.ts'

/** What a flow is given: the stores of the mission's datasource, and what differs from run to run. */
export async function flowDeps(
  { cache, forecasters, metrics, ...deps }: ExecutionDeps,
  { datasource, forecastParams: { tenant } }: ResolvedMission,
  run: Pick<Deps, 'marks' | 'signal'>,
): Promise<Deps> {
  const { reader, writer } = await deps.datasource(tenant, datasource)
  return { reader, writer, cache, forecasters, metrics, marks: run.marks, signal: run.signal }
}
