import { defaultTenant, type Labels, type MissionName } from '../../models/series.ts'

/** Everything that a mission has of one of our output metrics, or its series of these written labels. */
export function outputSelector(metric: string, { tenant, mission }: MissionName, labels: Labels = {}): string {
  // a missing label equals the empty string: the default tenant writes none
  const own = { mission, tenant: tenant === defaultTenant ? '' : tenant }
  const named = Object.entries({ ...labels, ...own }).filter(([name]) => /^[a-z_]\w*$/i.test(name))
  return `${metric}{${named.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`
}

/** Its values at the very instants of a query: a plain selector would repeat an older one where one is missing. */
export function outputAtStep(metric: string, mission: MissionName, labels?: Labels): string {
  return `last_over_time(${outputSelector(metric, mission, labels)}[1ms])`
}
