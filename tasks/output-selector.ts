import { defaultTenant, type MissionName } from '../models/series.ts'

/** Everything that a mission has of one of our output metrics. */
export function outputSelector(metric: string, { tenant, mission }: MissionName): string {
  // a missing label equals the empty string: the default tenant writes none
  const tenantValue = tenant === defaultTenant ? '' : tenant
  return `${metric}{mission=${JSON.stringify(mission)},tenant=${JSON.stringify(tenantValue)}}`
}
