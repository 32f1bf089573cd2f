import { setTimeout as sleep } from 'node:timers/promises'
import { createCalendarExport, refillCalendars } from '../calendars/export-calendars.ts'
import type { OpenProcess } from '../process/open-process.ts'
import { createScheduleExport, refillSchedules } from '../schedules/export-schedules.ts'
import { createMissionExport } from './export/mission-export.ts'
import { type RefillSources, refillMissions } from './export/refill.ts'
import { openStateDir } from './export/state-dir.ts'
import { reconcileMissions } from './reconcile-missions.ts'

export interface MissionKeeperOptions {
  readonly running: OpenProcess
  readonly isLeader: () => boolean
}

const everyMs = 1_000
const reconcileEveryMs = 5 * 60_000

const stateDirs = (dir: string) => ({
  missions: openStateDir(dir),
  schedules: openStateDir(dir, 'schedules'),
  calendars: openStateDir(dir, 'calendars'),
})

/**
 * The leader's care for missions beyond their ticks: fills an empty Redis, exports what changed, and brings
 * schedules in line with missions where a process died in between.
 */
export function startMissionKeeper({ running, isLeader }: MissionKeeperOptions): { stop(): Promise<void> } {
  const { config, installation, clock, logger, metrics, stores, missionDeps: deps } = running
  const { calendars } = stores
  const stopping = new AbortController()
  const dirs = config.stateDir === undefined ? undefined : stateDirs(config.stateDir)
  const sources: RefillSources = {
    ...(dirs && {
      state: dirs.missions,
      calendars: () => refillCalendars({ calendars, clock }, dirs.calendars),
      others: () => refillSchedules(deps, dirs.schedules),
    }),
    ...(config.missionsDir !== undefined && { missionsDir: config.missionsDir }),
  }
  const exporters = dirs
    ? [
        createMissionExport({ missions: deps.missions, installation, dir: dirs.missions, clock }),
        createScheduleExport({ schedules: deps.schedules, installation, dir: dirs.schedules, clock }),
        createCalendarExport({ calendars, installation, dir: dirs.calendars, clock }),
      ]
    : []
  let reconciledMs = Number.NEGATIVE_INFINITY

  async function exportAll(): Promise<void> {
    for (const exporter of exporters) {
      if ((await exporter.poll()) === 'foreign')
        logger.error({ stateDir: config.stateDir }, 'the state folder is of another installation')
    }
    const agreedMs = exporters.map((exporter) => exporter.agreedMs())
    if (agreedMs.length > 0 && agreedMs.every((ms) => ms !== undefined))
      metrics.exportAge.set((clock.now() - Math.min(...agreedMs)) / 1_000)
  }

  async function pass(): Promise<void> {
    const refilled = await refillMissions(deps, installation, sources)
    if (refilled) logger[refilled.failures.length > 0 ? 'error' : 'info']({ refilled }, 'filled an empty Redis')
    await exportAll()
    if (clock.now() - reconciledMs < reconcileEveryMs) return
    reconciledMs = clock.now()
    const { failures, orphans } = await reconcileMissions(deps)
    if (orphans > 0) logger.warn({ orphans }, 'removed schedules whose mission is gone')
    for (const failure of failures) logger.warn(failure, 'a mission does not fit the configuration any more')
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (isLeader())
        await pass().catch((error: unknown) =>
          logger.error({ error: String(error) }, 'missions are looked after again'),
        )
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  const loop = run()
  return {
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
