import { createHash } from 'node:crypto'
import { formatDuration, parseDuration } from '../../models/duration.ts'
import { AppError } from '../../models/errors.ts'
import type { MissionDocument } from '../missions/document/document.ts'
import type { FlowName } from '../queue/runs.ts'
import { modelOfType } from './model-types.ts'
import type { DeploymentParameters, PostedSchedule, WrittenSchedule } from './schedule-body.ts'

type DocumentSchedule = NonNullable<MissionDocument['forecast']>

/** Missions that scripts made through deployments bear it, and only those are shown there. */
export const deploymentLabel = { created_by: 'deployments' } as const

export function isOfDeployments({ labels }: Pick<MissionDocument, 'labels'>): boolean {
  return labels?.created_by === deploymentLabel.created_by
}

/** The same for both schedules of what is watched, so that they become one mission, whichever is posted first. */
export function missionIdOf({ promql, datasource }: Pick<DeploymentParameters, 'promql' | 'datasource'>): string {
  const readable = promql
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 48)
    .replace(/^-|-$/g, '')
  const hash = createHash('sha256')
    .update(JSON.stringify([promql, datasource ?? '']))
    .digest('hex')
    .slice(0, 12)
  return readable === '' ? hash : `${readable}-${hash}`
}

export interface ScheduledHalf {
  readonly flow: FlowName
  readonly posted: PostedSchedule
  /** Of models. */
  readonly installed: readonly string[]
}

/** What is there already stays where the half says nothing of it. @throws INVALID_PARAMS */
export function withHalf(before: MissionDocument | undefined, half: ScheduledHalf): MissionDocument {
  const { flow, posted, installed } = half
  const { promql, model_type: type, ...settings } = posted.parameters
  const policy = before?.[flow]?.policy
  return {
    ...before,
    ...settings,
    id: before?.id ?? missionIdOf(posted.parameters),
    query: promql,
    ...(type !== undefined && { model: modelOfType(type, installed) }),
    ...(posted.active !== undefined && { paused: !posted.active }),
    labels: { ...before?.labels, ...deploymentLabel },
    [flow]: { ...documentSchedule(posted.schedule), ...(policy && { policy }) },
  }
}

function documentSchedule({ cron, interval, timezone, anchor_date: anchor }: WrittenSchedule): DocumentSchedule {
  if (typeof cron === 'string') return { cron, ...(typeof timezone === 'string' && { timeZone: timezone }) }
  const everyMs = Math.round((interval as number) * 1_000)
  if (typeof anchor !== 'string') return { every: formatDuration(everyMs) }
  const phaseMs = ((Date.parse(anchor) % everyMs) + everyMs) % everyMs
  return { every: formatDuration(everyMs), phase: formatDuration(phaseMs) }
}

/** As it was posted. */
export function writtenSchedule({ cron, every, timeZone = 'UTC', phase }: DocumentSchedule) {
  if (cron !== undefined) return { cron, timezone: timeZone }
  const anchor = phase === undefined ? {} : { anchor_date: new Date(parseDuration(phase)).toISOString() }
  return { interval: every === undefined ? 0 : parseDuration(every) / 1_000, timezone: 'UTC' as const, ...anchor }
}

export function writtenParameters(document: MissionDocument): DeploymentParameters {
  const { query, model, datasource, step, context, horizon, sensitivity, direction } = document
  const settings = { model_type: model, datasource, step, context, horizon, sensitivity, direction }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return { promql: query, ...Object.fromEntries(given) }
}

/** What a mission says of its fields, said of the fields that were posted. */
export function blamePosted(error: AppError, flow: FlowName, under = ''): AppError {
  if (error.problems.length === 0) return error
  const problems = error.problems.map(({ pointer, detail }) => ({
    pointer: under + postedPointer(pointer, flow),
    detail,
  }))
  const text = problems.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ')
  return new AppError(error.code, text, { cause: error, problems })
}

const renamed: Readonly<Record<string, string>> = { query: 'promql', model: 'model_type' }
const renamedTimes: Readonly<Record<string, string>> = { every: 'interval', timeZone: 'timezone', phase: 'anchor_date' }

function postedPointer(pointer: string, flow: FlowName): string {
  const [, first = '', second] = pointer.split('/')
  if (first === 'parameters') return pointer
  if (first === flow) return second === undefined ? '/schedule' : `/schedule/${renamedTimes[second] ?? second}`
  return `/parameters/${renamed[first] ?? first}`
}
