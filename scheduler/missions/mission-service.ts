import { formatDuration } from '../../models/duration.ts'
import { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import { noCalendars } from '../calendars/calendar-reader.ts'
import { type ActiveCalendar, effectsAt } from '../calendars/effects.ts'
import { nextToRun } from '../calendars/excuses.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { EffectiveSettings, MissionService, MissionStatus } from './contract.ts'
import { resolveStored } from './document/resolve.ts'
import { triggeredRun } from './first-runs.ts'
import { assertInstalled, findMission, type MissionServiceDeps } from './mission-deps.ts'
import { isPaused } from './mission-edits.ts'
import { alignSchedules } from './mission-schedules.ts'
import { setPause } from './pause-mission.ts'
import { putMission } from './put-mission.ts'

export function createMissionService(deps: MissionServiceDeps): MissionService {
  const installed = async <Answer>(act: () => Promise<Answer>): Promise<Answer> => {
    await assertInstalled(deps)
    return act()
  }
  return {
    put: (tenant, document, options) => installed(() => putMission(deps, { tenant, document, options })),
    get: (tenant, id) => installed(() => findMission(deps, { tenant, mission: id })),
    list: (tenant, options) => installed(() => deps.missions.list(tenant, options)),
    remove: (tenant, id, options) =>
      installed(() => removeMission(deps, { tenant, mission: id }, options.ifGeneration)),
    pause: (tenant, id, pause) => installed(() => setPause(deps, { tenant, mission: id }, pause)),
    resume: (tenant, id) => installed(() => setPause(deps, { tenant, mission: id }, undefined)),
    status: (tenant, id) => installed(() => missionStatus(deps, { tenant, mission: id })),
    effective: (tenant, id) => installed(() => effectiveSettings(deps, { tenant, mission: id })),

    async trigger(tenant, id, flow, { recompute = false }) {
      await assertInstalled(deps)
      const mission = await findMission(deps, { tenant, mission: id })
      const run = triggeredRun(
        { mission, resolved: resolveStored(mission, deps.settings), nowMs: deps.clock.now() },
        flow,
        recompute,
      )
      if (!run) throw new AppError('CONFLICT', `mission ${id}: its forecast has not been due yet`)
      const [answer] = await deps.queue.enqueue([run])
      return answer?.runId ?? run.job.runId
    },
  }
}

async function removeMission(deps: MissionServiceDeps, name: MissionName, ifGeneration?: number): Promise<void> {
  const answer = await deps.missions.remove(name, ifGeneration)
  if (answer === 'conflict') {
    throw new AppError('CONFLICT', `mission "${name.mission}" has another generation than ${ifGeneration}`)
  }
  // also when it is missing: whoever deleted it may have been cut off here
  await alignSchedules(deps, name, undefined)
  if (answer === 'missing') throw new AppError('NOT_FOUND', `no mission "${name.mission}"`)
  await deps.cache.drop(name)
}

async function missionStatus(deps: MissionServiceDeps, name: MissionName): Promise<MissionStatus> {
  const mission = await findMission(deps, name)
  const { calendars: reader = noCalendars } = deps
  const [health, marks, snapshot] = await Promise.all([deps.health.get(name), deps.marks.get(name), reader.snapshot()])
  const nowMs = deps.clock.now()
  const { labels } = mission.document
  const matching = snapshot.matching(name.tenant, labels)
  const calendars = effectsAt(matching, labels, nowMs)
  const { scoredUntilMs, publishedUntilMs, floorUntilMs = 0 } = marks ?? {}
  const stepMs = mission.forecastEras.at(-1)?.stepMs ?? 0
  return {
    ...health,
    ...(isPaused(mission, nowMs) ? { state: 'paused' } : nextTicks(mission, matching, nowMs)),
    ...(scoredUntilMs !== undefined && { scoredUntilMs }),
    ...(publishedUntilMs !== undefined && { publishedUntilMs }),
    ...(floorUntilMs > nowMs && { drawnFromMs: floorUntilMs + stepMs }),
    ...(calendars.length > 0 && { calendars }),
  }
}

function nextTicks({ forecastEras, detectSpec }: StoredMission, calendars: readonly ActiveCalendar[], nowMs: number) {
  const era = forecastEras.at(-1)
  const nextForecastMs = era && nextToRun(era.spec, calendars, nowMs)
  const nextDetectMs = nextToRun(detectSpec, calendars, nowMs)
  return {
    ...(nextForecastMs !== undefined && { nextForecastMs }),
    ...(nextDetectMs !== undefined && { nextDetectMs }),
  }
}

async function effectiveSettings(
  { settings, ...deps }: MissionServiceDeps,
  name: MissionName,
): Promise<EffectiveSettings | undefined> {
  const mission = await findMission({ ...deps, settings }, name)
  if (!settings.datasource(name.tenant, mission.document.datasource)) return undefined
  const { forecastParams, detectParams } = resolveStored(mission, settings)
  const { model, fallback, stepMs, context, horizon, minPoints } = forecastParams
  return {
    ...{ model, fallback, minPoints },
    step: formatDuration(stepMs),
    detectStep: formatDuration(detectParams.detectStepMs),
    context: formatDuration(context * stepMs),
    horizon: formatDuration(horizon * stepMs),
  }
}
