import { defaultTenant, type MissionName } from '../../models/series.ts'

/** Everything that a mission has of one of our output metrics. */
export function outputSelector(metric: string, { tenant, mission }: MissionName): string {
  // a missing label equals the empty string: the default tenant writes none
  const own = tenant === defaultTenant ? '' : tenant
  return `${metric}{mission=${JSON.stringify(mission)},tenant=${JSON.stringify(own)}}`
}

/** Its values at the very instants of a query: a plain selector would repeat an older one where one is missing. */
export function outputAtStep(metric: string, mission: MissionName): string {
  return `last_over_time(${outputSelector(metric, mission)}[1ms])`
}
