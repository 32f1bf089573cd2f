import { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import type { ForecastCache } from '../../tasks/deps.ts'
import type { CalendarReader } from '../calendars/calendar-reader.ts'
import type { Clock } from '../process/clock.ts'
import type { RunQueue } from '../queue/runs.ts'
import type { HealthStore } from '../store/missions/health-store.ts'
import type { MarksStore } from '../store/missions/marks-store.ts'
import type { MissionStore } from '../store/missions/mission-store.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import type { ScheduleStore } from '../store/ticks/schedule-store.ts'
import type { MissionSettings } from './document/resolved.ts'

export interface AskedQuery {
  readonly tenant: string
  readonly datasource: string
  readonly query: string
  readonly allowOutputs: boolean
}

export interface MissionServiceDeps {
  readonly missions: MissionStore
  readonly marks: MarksStore
  readonly health: HealthStore
  readonly schedules: ScheduleStore
  readonly queue: Pick<RunQueue, 'enqueue'>
  readonly cache: Pick<ForecastCache, 'drop'>
  readonly clock: Clock
  /** Default: there are none. */
  readonly calendars?: CalendarReader
  readonly settings: MissionSettings
  /**
   * Whether the query answers no series now.
   * @throws QUERY_REJECTED with the store's words; anything else when it could not be asked.
   */
  checkQuery(asked: AskedQuery): Promise<{ readonly isEmpty: boolean }>
  /** Whether backfills can write samples of this age there. @throws STORE_UNAVAILABLE while the store has not said what it is. */
  takesOldSamples(datasource: string, ageMs: number): Promise<boolean>
  /** False while Redis has lost its missions and is being filled again. Default: it is filled. */
  readonly installed?: () => Promise<boolean>
  /** How far back a new mission is forecast and scored, where its store takes samples that old. Default a day. */
  readonly registrationReachMs?: number
}

/** A Redis that is not filled yet says nothing about missions, and must not be given any. @throws REDIS_UNAVAILABLE */
export async function assertInstalled({ installed }: Pick<MissionServiceDeps, 'installed'>): Promise<void> {
  if (installed && !(await installed())) throw new AppError('REDIS_UNAVAILABLE', 'Redis is being filled')
}

/** @throws NOT_FOUND */
export async function findMission({ missions }: MissionServiceDeps, name: MissionName): Promise<StoredMission> {
  const mission = await missions.get(name)
  if (!mission) throw new AppError('NOT_FOUND', `no mission "${name.mission}"`)
  return mission
}

export function busy({ mission }: MissionName): AppError {
  return new AppError('CONFLICT', `mission "${mission}" is being changed by others all the time`)
}
