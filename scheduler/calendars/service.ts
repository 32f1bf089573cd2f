import { isDeepStrictEqual } from 'node:util'
import { AppError, toAppError } from '../../models/errors.ts'
import { assertInstalled } from '../missions/mission-deps.ts'
import type { Clock } from '../process/clock.ts'
import type { CalendarPage, CalendarStore } from '../store/calendars/calendar-store.ts'
import { untilWritten } from '../store/outrun.ts'
import { filteredPage } from '../store/pages.ts'
import { assertConditions, type WriteConditions } from '../store/write-conditions.ts'
import type { CalendarReader } from './calendar-reader.ts'
import type { CalendarWindow } from './calendar-windows.ts'
import { checkCalendar } from './check-document.ts'
import type { CalendarDocument, CalendarEffect } from './document.ts'
import { type ActiveCalendar, activeCalendar, type EffectWindow, effectsAt } from './effects.ts'
import type { CalendarKey, StoredCalendar } from './types.ts'

export interface CalendarServiceDeps {
  readonly calendars: CalendarStore
  readonly reader: CalendarReader
  readonly clock: Clock
  readonly installed?: () => Promise<boolean>
}

export interface CalendarFilter {
  readonly limit: number
  readonly cursor?: string
  readonly effect?: CalendarEffect
}

export interface WindowsRange {
  /** Windows that end at or before it are left out. */
  readonly fromMs: number
  /** Excluded; may be without end. */
  readonly untilMs: number
  readonly limit: number
}

export interface PresentWindow {
  readonly window?: CalendarWindow
  readonly problem?: string
}

/** All of it throws REDIS_UNAVAILABLE while Redis is being filled, and NOT_FOUND also for another tenant's. */
export interface CalendarService {
  /** @throws INVALID_PARAMS naming every field; CONFLICT. */
  put(
    tenant: string,
    document: CalendarDocument,
    options: WriteConditions,
  ): Promise<{ readonly calendar: StoredCalendar; readonly outcome: 'created' | 'updated' | 'unchanged' }>
  get(key: CalendarKey): Promise<StoredCalendar>
  list(tenant: string, filter: CalendarFilter): Promise<CalendarPage>
  remove(key: CalendarKey, options: Pick<WriteConditions, 'ifGeneration'>): Promise<void>
  /** The window that is open, or the next one; why none can be told of a calendar that counts as one without windows. */
  window(calendar: StoredCalendar, nowMs: number): PresentWindow
  /** Windows of a range, without overlaps, oldest first. */
  windows(key: CalendarKey, range: WindowsRange): Promise<CalendarWindow[]>
  /** What calendars do to whatever of this tenant bears these labels, by the instant. */
  effects(
    tenant: string,
    labels: Readonly<Record<string, string>> | undefined,
  ): Promise<(ms: number) => readonly EffectWindow[]>
}

export function createCalendarService(deps: CalendarServiceDeps): CalendarService {
  const { calendars, reader } = deps
  const viewedOf = keptCalendars()

  async function get(key: CalendarKey): Promise<StoredCalendar> {
    await assertInstalled(deps)
    const calendar = await calendars.get(key)
    if (!calendar) throw new AppError('NOT_FOUND', `no calendar "${key.id}"`)
    return calendar
  }

  return {
    get,
    put: (tenant, document, options) => putCalendar(deps, { tenant, document, options }),

    async list(tenant, { effect, ...page }) {
      await assertInstalled(deps)
      const { items, ...rest } = await filteredPage(
        page,
        async (asked) => {
          const { calendars: items, ...more } = await calendars.list(tenant, asked)
          return { items, ...more }
        },
        ({ document }) => effect === undefined || document.effect === effect,
      )
      return { calendars: items, ...rest }
    },

    async remove(key, { ifGeneration }) {
      await assertInstalled(deps)
      const answer = await calendars.remove(key, ifGeneration)
      if (answer === 'missing') throw new AppError('NOT_FOUND', `no calendar "${key.id}"`)
      if (answer === 'conflict')
        throw new AppError('CONFLICT', `calendar "${key.id}" has another generation than ${ifGeneration}`)
    },

    window: (calendar, nowMs) => presentWindow(viewedOf(calendar), nowMs),
    windows: async (key, range) => listWindows(await get(key), range),

    async effects(tenant, labels) {
      await assertInstalled(deps)
      const matching = (await reader.snapshot()).matching(tenant, labels)
      return (ms) => effectsAt(matching, labels, ms)
    },
  }
}

interface PutInput {
  readonly tenant: string
  readonly document: CalendarDocument
  readonly options: WriteConditions
}

async function putCalendar(deps: CalendarServiceDeps, { tenant, document, options }: PutInput) {
  const { calendars, clock } = deps
  const { id } = document
  return untilWritten(`calendar "${id}"`, async () => {
    await assertInstalled(deps)
    const before = await calendars.get({ tenant, id })
    assertConditions(`calendar "${id}"`, before, options)
    if (before && isDeepStrictEqual(before.document, document))
      return { calendar: before, outcome: 'unchanged' } as const
    const nowMs = clock.now()
    checkCalendar(document, nowMs)
    if (!before) await assertRoom(calendars, tenant)
    const calendar: StoredCalendar = {
      ...{ tenant, id, document, updatedMs: nowMs, createdMs: before?.createdMs ?? nowMs },
      generation: (before?.generation ?? 0) + 1,
      serial: before?.serial ?? (await calendars.newSerial()),
    }
    if (!(await calendars.replace(calendar, before?.generation))) return undefined
    return { calendar, outcome: before ? 'updated' : 'created' } as const
  })
}

/** Whoever plans asks all of them at every T. */
const mostCalendars = 1_000

async function assertRoom(calendars: CalendarStore, tenant: string): Promise<void> {
  if ((await calendars.count(tenant)) < mostCalendars) return
  const problem = `tenant "${tenant}" has ${mostCalendars} calendars, the most there may be`
  throw new AppError('INVALID_PARAMS', `${problem}: one calendar holds up to 1,000 windows`)
}

const mostKept = 1_000
/** Finding out that an iCalendar cannot be read may take half a second. */
const askAgainAfterMs = 60_000

interface Viewed {
  readonly active: ActiveCalendar
  failed?: { readonly problem: string; readonly untilMs: number }
}

/** What was read of an iCalendar for one view serves the next one, until that calendar changes. */
function keptCalendars(): (calendar: StoredCalendar) => Viewed {
  const kept = new Map<string, Viewed>()
  return (calendar) => {
    const key = `${calendar.tenant}/${calendar.serial}/${calendar.generation}`
    const viewed = kept.get(key) ?? { active: activeCalendar(calendar) }
    if (kept.size >= mostKept) kept.clear()
    kept.set(key, viewed)
    return viewed
  }
}

function presentWindow(viewed: Viewed, nowMs: number): PresentWindow {
  const { active, failed } = viewed
  if (failed && nowMs < failed.untilMs) return { problem: failed.problem }
  try {
    const open = active.at(nowMs)
    const startMs = open ? undefined : active.nextMs(nowMs)
    const window = startMs === undefined ? open : active.at(startMs)
    return window ? { window } : {}
  } catch (error) {
    // whoever plans takes it for one without windows as well
    const problem = toAppError(error).message
    viewed.failed = { problem, untilMs: nowMs + askAgainAfterMs }
    return { problem }
  }
}

/** A window is followed for a hundred others at a time; one that goes on for longer ends where that was done ten times. */
const mostFollowed = 10

function listWindows(calendar: StoredCalendar, { fromMs, untilMs, limit }: WindowsRange): CalendarWindow[] {
  const active = activeCalendar(calendar)
  const first = active.at(fromMs)
  const windows: CalendarWindow[] = first ? [first] : []
  let followed = 0
  while (followed < mostFollowed) {
    const last = windows.at(-1)
    // the instant before its end: the next one may begin right there
    const startMs = active.nextMs(last ? last.untilMs - 1 : fromMs)
    if (startMs === undefined || startMs >= untilMs) break
    const window = active.at(startMs)
    if (!window) break
    if (last && window.fromMs <= last.untilMs) {
      windows[windows.length - 1] = { fromMs: last.fromMs, untilMs: window.untilMs }
      followed++
    } else if (windows.length < limit) windows.push(window)
    else break
  }
  return windows
}
