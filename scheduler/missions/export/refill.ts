import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { AppError, toAppError } from '../../../models/errors.ts'
import { defaultTenant } from '../../../models/series.ts'
import { startDelayMs } from '../../planning/schedule-spec.ts'
import type { Installation } from '../../store/installation.ts'
import type { StoredMission } from '../../store/missions/stored-mission.ts'
import { issuesText } from '../../store/stored-document.ts'
import { type MissionDocument, missionDocument } from '../document/document.ts'
import { inlineCalendar } from '../document/inline-calendar.ts'
import { withAcceptedModels } from '../document/model-check.ts'
import { resolveMission } from '../document/resolve.ts'
import { firstRuns, firstRunsSpreadMs } from '../first-runs.ts'
import type { MissionServiceDeps } from '../mission-deps.ts'
import { createdMission, firstScorableMs, isPaused } from '../mission-edits.ts'
import { upsertSchedules } from '../mission-schedules.ts'
import { type ExportedMission, parseMissionFile } from './export-file.ts'
import { readMissionsDir, type StateDir } from './state-dir.ts'

type RefillPart = () => Promise<readonly { readonly source: string; readonly message: string }[]>

export interface RefillSources {
  /** Export of this installation; goes first. */
  readonly state?: StateDir
  /** What has to be there before any mission runs. */
  readonly calendars?: RefillPart
  /** What else there is of this installation; filled before Redis gets its id. */
  readonly others?: RefillPart
  /** Documents for a new installation, all of the default tenant. */
  readonly missionsDir?: string
}

export interface RefillReport {
  readonly installation: string
  readonly from: 'export' | 'missions' | 'nothing'
  readonly restored: number
  /** Missions that no longer fit, as the configuration is now; exported ones stay in `backups`. */
  readonly failures: readonly { readonly source: string; readonly message: string }[]
  readonly backups: readonly string[]
}

/**
 * Fills a Redis that bears no installation id, then gives it one; undefined when it bears one. What is there already
 * stays, so a refill that was cut off is simply done again.
 * @throws INVALID_CONFIG naming a file that cannot be read: then Redis gets no id, and no export writes over the file.
 */
export async function refillMissions(
  deps: MissionServiceDeps,
  installation: Installation,
  { state, missionsDir, calendars, others }: RefillSources,
): Promise<RefillReport | undefined> {
  if ((await installation.id()) !== undefined) return undefined
  const exportedId = await state?.installation()
  const exported = exportedId === undefined ? undefined : state
  const files = exported ? await exportedFiles(exported) : await writtenFiles(missionsDir)
  const failures: { source: string; message: string }[] = []
  const backups: string[] = []
  let restored = 0
  if (exported && calendars) failures.push(...(await calendars()))
  for (const file of files) {
    const messages = await restoreFile(deps, file)
    restored += file.missions.length - messages.length
    failures.push(...messages.map((message) => ({ source: file.source, message })))
    // the next export would leave them out
    if (exported && messages.length > 0) backups.push(await exported.backUp(file.tenant, `${deps.clock.now()}.bak`))
  }
  if (exported && others) failures.push(...(await others()))
  const from = exported ? 'export' : 'missions'
  const id = await installation.found(exportedId ?? randomUUID())
  return { installation: id, from: files.length === 0 ? 'nothing' : from, restored, failures, backups }
}

interface MissionFile {
  readonly source: string
  readonly tenant: string
  readonly missions: readonly ExportedMission[]
}

async function exportedFiles(state: StateDir): Promise<MissionFile[]> {
  const files: MissionFile[] = []
  for (const tenant of await state.tenants()) {
    const source = `missions/${tenant}.yaml`
    files.push({ source, tenant, missions: parseMissionFile(await state.read(tenant), source) })
  }
  return files
}

async function writtenFiles(dir: string | undefined): Promise<MissionFile[]> {
  const files = dir === undefined ? [] : await readMissionsDir(dir)
  return files.map(({ file, text }) => ({
    source: file,
    tenant: defaultTenant,
    // whose file it was before is of no account: it makes a new installation
    missions: parseMissionFile(text, file).map(({ document }) => ({
      document: inlineCalendar(document, dirname(file)),
    })),
  }))
}

/** Why missions of a file could not be restored, in words. */
async function restoreFile(deps: MissionServiceDeps, { tenant, missions }: MissionFile): Promise<string[]> {
  const messages: string[] = []
  for (const mission of missions) {
    try {
      await restoreMission(deps, tenant, mission)
    } catch (error) {
      const { code, message } = toAppError(error)
      if (code === 'REDIS_UNAVAILABLE') throw error
      messages.push(message)
    }
  }
  return messages
}

async function restoreMission(
  deps: MissionServiceDeps,
  tenant: string,
  { document: written, saved }: ExportedMission,
): Promise<void> {
  const document = parseDocument(written)
  if (await deps.missions.get({ tenant, mission: document.id })) return
  const nowMs = deps.clock.now()
  const createdMs = saved?.createdMs ?? nowMs
  const resolved = resolveMission({ tenant, document, createdMs }, withAcceptedModels(deps.settings, document), nowMs)
  const created = createdMission(tenant, { document, resolved, actor: 'refill', nowMs, createdMs })
  const mission = saved ? withSaved(created, saved) : created
  const scoredFloorMs = firstScorableMs(mission)
  if (!(await deps.missions.replace({ mission, expected: undefined, scoredFloorMs }))) return
  await upsertSchedules(deps.schedules, { mission, resolved, nowMs })
  if (isPaused(mission, nowMs)) return
  const startAtMs = nowMs + startDelayMs(`${tenant}/${mission.id}`, firstRunsSpreadMs)
  await deps.queue.enqueue(firstRuns({ mission, resolved, nowMs }, startAtMs))
}

/** Eras go on when the schedule is still the one they end with. */
function withSaved(created: StoredMission, saved: NonNullable<ExportedMission['saved']>): StoredMission {
  const { pause: written, ...mission } = created
  const [last, own] = [saved.forecastEras.at(-1), created.forecastEras.at(-1)]
  const same = last && own && last.stepMs === own.stepMs && isDeepStrictEqual(last.spec, own.spec)
  const pause = saved.pause ?? written
  return {
    ...mission,
    scopeSinceMs: saved.scopeSinceMs,
    // an ETag from before must not match another document
    generation: saved.generation,
    forecastEras: same ? saved.forecastEras : created.forecastEras,
    ...(pause && { pause }),
  }
}

function parseDocument(written: unknown): MissionDocument {
  const parsed = missionDocument.safeParse(written)
  if (parsed.success) return parsed.data
  const named = Object(written) as { readonly id?: unknown }
  throw new AppError('INVALID_PARAMS', `mission ${String(named.id ?? '?')}: ${issuesText(parsed.error)}`)
}
