import type { FlowName } from '../../queue/runs.ts'

/** A schedule, as all keys of the planner name it. */
export interface ScheduleKey {
  readonly tenant: string
  /** `<mission>.forecast` or `<mission>.detect`. */
  readonly id: string
}

/** BullMQ's prefix and the pools' names; neither bears a ':' of its own. */
export const queuePrefix = '{at}:q'

/** Scripts reach keys that they build themselves: all of them lie under one hash tag, so on one node of a cluster. */
export const keys = {
  due: '{at}:due',
  /** Every schedule, by name: what the due set is checked against. */
  schedules: '{at}:schedules',
  /** Those that no mission has, and a number that grows with every change of one. */
  ownSchedules: '{at}:schedules:own',
  ownRevision: '{at}:schedules:own:revision',
  /** Ticks that were enqueued and have no final outcome, by the instant of that. */
  open: '{at}:open',
  lease: '{at}:lease:planner',
  heartbeat: '{at}:hb:planner',
  schedule: (key: ScheduleKey) => `{at}:sch:${key.tenant}:${key.id}`,
  /** Who of a schedule is running and who was enqueued last. */
  overlap: (key: ScheduleKey) => `{at}:overlap:${key.tenant}:${key.id}`,
  /** A UTC day's ticks; the script appends the day's number. */
  ticks: (key: ScheduleKey) => `{at}:tick:${key.tenant}:${key.id}:`,
  job: (flow: FlowName, runId: string) => `${queuePrefix}:${flow}:${runId}`,
  run: (runId: string) => `{at}:run:${runId}`,
  /** Its last lines. */
  runLog: (runId: string) => `{at}:run:${runId}:log`,
  /** That somebody wants it to end. */
  cancel: (runId: string) => `{at}:cancel:${runId}`,
  activeRuns: '{at}:runs:active',
  runsOf: (tenant: string, what: string) => `{at}:runs:${tenant}:${what}`,
  /** What changed, for whoever listens. */
  events: (tenant: string) => `{at}:ev:${tenant}`,
} as const

/** Member of `due` and `schedules`. */
export const scheduleMember = ({ tenant, id }: ScheduleKey): string => `${tenant}/${id}`

export function parseScheduleMember(member: string): ScheduleKey {
  const slash = member.indexOf('/')
  return { tenant: member.slice(0, slash), id: member.slice(slash + 1) }
}
