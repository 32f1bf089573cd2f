import { defaultTenant, type MissionName } from '../models/series.ts'

/**
 * Everything that a mission has of one of our output metrics. For the default tenant, which is not written, that
 * includes series which bear a tenant label of their own, and with them missions of the same name of other tenants.
 */
export function outputSelector(metric: string, { tenant, mission }: MissionName): string {
  const matchers = [`mission=${JSON.stringify(mission)}`]
  if (tenant !== defaultTenant) matchers.push(`tenant=${JSON.stringify(tenant)}`)
  return `${metric}{${matchers.join(',')}}`
}

/** Its values at the very instants of a query: a plain selector would repeat an older one where one is missing. */
export function outputAtStep(metric: string, mission: MissionName): string {
  return `last_over_time(${outputSelector(metric, mission)}[1ms])`
}
