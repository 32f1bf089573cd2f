import { AppError } from '../../models/errors.ts'
import type { MissionName } from '../../models/series.ts'
import { recentlyUsed } from '../../tasks/cache/recent.ts'
import type { ForecastCache, SeriesReader } from '../../tasks/deps.ts'
import type { ScoredRow } from '../../tasks/score/judge-panel.ts'
import { resolveStored } from '../missions/document/resolve.ts'
import type { MissionSettings } from '../missions/document/resolved.ts'
import type { DetectPlan } from '../queue/runs.ts'
import type { RequestLog } from '../store/missions/request-log.ts'
import type { StoredMission } from '../store/missions/stored-mission.ts'
import { assessPanel, type PlanDeps, planShownStep, type ShownMission } from './assess-panel.ts'
import type { Learning, SeriesFilter, SeriesPage, SeriesService, SeriesView } from './contract.ts'
import { isTroubled, troubleFirst } from './order-rows.ts'
import { readSpells, spellReachMs } from './read-spells.ts'

export interface SeriesServiceDeps extends PlanDeps {
  readonly cache: ForecastCache
  /** @throws NOT_FOUND */
  mission(tenant: string, id: string): Promise<StoredMission>
  /** Held to what the tenant may read. @throws NOT_FOUND */
  reader(tenant: string, datasource: string): SeriesReader
  readonly requests: Pick<RequestLog, 'firstSeen'>
  readonly settings: MissionSettings
}

/** What a look is about. */
interface Look extends ShownMission {
  readonly deps: SeriesServiceDeps
  readonly name: MissionName
  readonly reader: SeriesReader
  readonly plan: DetectPlan
}

interface AssessedPanel extends Pick<SeriesPage, 'states'> {
  /** All of them, trouble first. */
  readonly rows: readonly ScoredRow[]
}

/** Of those who turn pages; 10,000 series take some megabytes. */
const keptPanels = 4
const spellTimeoutMs = 20_000

/** Shows the series of missions, by what detect runs would find again at the same step. */
export function createSeriesService(deps: SeriesServiceDeps): SeriesService {
  const kept = recentlyUsed<AssessedPanel>(keptPanels)
  return {
    async page(tenant, id, filter) {
      const mission = await deps.mission(tenant, id)
      const resolved = resolveStored(mission, deps.settings)
      const { atMs, offset } = readCursor(filter)
      const plan = await planShownStep(deps, { mission, resolved }, atMs)
      const reader = deps.reader(tenant, resolved.datasource)
      const look = { deps, mission, resolved, name: { tenant, mission: id }, reader, plan }
      const key = keyOf(look)
      const panel = kept.get(key) ?? (await assess(look))
      kept.set(key, panel, 1)
      return pageOf(look, panel, { ...filter, offset })
    },
  }
}

/** Another edit, step or forecast is another panel. */
function keyOf({ mission: { tenant, id, createdMs, generation }, plan: { window, payloads } }: Look): string {
  return [tenant, id, createdMs, generation, window.untilMs, ...payloads.map(({ nonce }) => nonce)].join(' ')
}

async function assess({ deps, reader, plan, ...shown }: Look): Promise<AssessedPanel> {
  const { states, rows } = await assessPanel({ reader, cache: deps.cache }, shown, plan)
  return { states, rows: troubleFirst(rows) }
}

type PageFilter = SeriesFilter & { readonly offset: number }

async function pageOf(look: Look, { states, rows }: AssessedPanel, filter: PageFilter): Promise<SeriesPage> {
  const { state, offset, limit } = filter
  const matching = state === undefined ? rows : rows.filter((row) => row.state === state)
  const end = offset + limit
  const atMs = look.plan.window.untilMs
  return {
    ...{ atMs, states, series: await viewRows(look, matching.slice(offset, end)) },
    ...(end < matching.length && { cursor: `${atMs}.${end}` }),
  }
}

/** Pages of one list show one step. */
function readCursor({ cursor }: SeriesFilter): { atMs?: number; offset: number } {
  if (cursor === undefined) return { offset: 0 }
  const [, at, offset] = /^(\d{1,15})\.(\d{1,9})$/.exec(cursor) ?? []
  if (at === undefined) throw new AppError('INVALID_PARAMS', `cursor: "${cursor}" is none of this list`)
  return { atMs: Number(at), offset: Number(offset) }
}

async function viewRows(look: Look, rows: readonly ScoredRow[]): Promise<SeriesView[]> {
  const { deps, name, reader, plan, mission, resolved } = look
  const { detectStepMs } = resolved.detectParams
  const atMs = plan.window.untilMs
  const query = { mission: name, rows: rows.filter(isTroubled), atMs, detectStepMs }
  const learning = rows.filter(({ state }) => state === 'learning').map(({ id }) => id)
  const [spells, seen] = await Promise.all([
    readSpells(reader, query, AbortSignal.timeout(spellTimeoutMs)),
    deps.requests.firstSeen(name, learning),
  ])
  return rows.map(({ id, points, ...row }) => {
    const seenMs = seen.get(id)
    const earliestMs = Math.max(atMs - spellReachMs(detectStepMs), seenMs ?? mission.createdMs)
    return {
      ...row,
      ...(isTroubled(row) && { sinceMs: Math.min(spells.get(id) ?? earliestMs, atMs) }),
      ...(row.state === 'learning' && { learning: learningOf(look, points, seenMs) }),
    }
  })
}

/** A series that came after the forecast is forecast once it was seen for as many steps. */
function learningOf({ deps, resolved }: Look, points: number | undefined, seenMs: number | undefined): Learning {
  const { minPoints, stepMs } = resolved.forecastParams
  if (points !== undefined) return { points, minPoints }
  const firstSeenMs = seenMs ?? deps.now()
  const steps = Math.floor((deps.now() - firstSeenMs) / stepMs)
  return { points: Math.min(steps, minPoints), minPoints, firstSeenMs }
}
