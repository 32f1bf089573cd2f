import { toAppError } from '../../models/errors.ts'
import type { CalendarStore } from '../store/calendars/calendar-store.ts'
import { ignoreUnreadable, type OnUnreadable } from '../store/stored-document.ts'
import { type ActiveCalendar, activeCalendar } from './effects.ts'
import type { StoredCalendar } from './types.ts'

/** All calendars as they were at one moment. */
export interface CalendarSnapshot {
  /** Of one tenant, for whatever bears these labels. */
  matching(tenant: string, labels?: Readonly<Record<string, string>>): readonly ActiveCalendar[]
}

export interface CalendarReader {
  /** All of them, no older than `maxStaleMs`. */
  snapshot(): Promise<CalendarSnapshot>
}

interface ReaderOptions {
  readonly calendars: Pick<CalendarStore, 'all' | 'revision'>
  /** Default 0: every call asks whether something has changed. */
  readonly maxStaleMs?: number
  readonly onUnreadable?: OnUnreadable
}

interface Kept extends Pick<StoredCalendar, 'generation'> {
  readonly active: ActiveCalendar
}

const keyOf = ({ tenant, id }: StoredCalendar): string => `${tenant}/${id}`

/** Asks Redis for one number, and for calendars only when that is another one than before. */
export function createCalendarReader(options: ReaderOptions): CalendarReader {
  const { calendars, maxStaleMs = 0, onUnreadable = ignoreUnreadable } = options
  let known: { readonly revision: number; readonly snapshot: CalendarSnapshot } | undefined
  let freshUntilMs = Number.NEGATIVE_INFINITY
  /** What was read of an iCalendar stays known until that calendar changes. */
  let active: ReadonlyMap<string, Kept> = new Map()
  let looking: Promise<CalendarSnapshot> | undefined

  function activeOf(calendar: StoredCalendar): Kept {
    const kept = active.get(keyOf(calendar))
    const { generation, serial } = calendar
    if (kept?.generation === generation && kept.active.serial === serial) return kept
    return { generation, active: guarded(calendar, onUnreadable) }
  }

  async function look(): Promise<CalendarSnapshot> {
    const askedMs = performance.now()
    // before the calendars: what changes while they are read is seen the next time
    const revision = await calendars.revision()
    if (known?.revision !== revision) {
      const stored: StoredCalendar[] = []
      for await (const calendar of calendars.all()) stored.push(calendar)
      const next = new Map(stored.map((calendar) => [keyOf(calendar), activeOf(calendar)]))
      active = next
      known = { revision, snapshot: snapshotOf(stored, onUnreadable, (calendar) => next.get(keyOf(calendar))?.active) }
    }
    freshUntilMs = askedMs + maxStaleMs
    return known.snapshot
  }

  return {
    snapshot() {
      if (known && performance.now() < freshUntilMs) return Promise.resolve(known.snapshot)
      looking ??= look().finally(() => {
        looking = undefined
      })
      return looking
    },
  }
}

const noLabels = {}

export function snapshotOf(
  stored: readonly StoredCalendar[],
  onUnreadable: OnUnreadable = ignoreUnreadable,
  keptOf: (calendar: StoredCalendar) => ActiveCalendar | undefined = () => undefined,
): CalendarSnapshot {
  const ofTenant = new Map<string, ActiveCalendar[]>()
  for (const calendar of stored) {
    const others = ofTenant.get(calendar.tenant)
    const active = keptOf(calendar) ?? guarded(calendar, onUnreadable)
    if (others) others.push(active)
    else ofTenant.set(calendar.tenant, [active])
  }
  // documents are decoded once as long as they stay the same, and with them their labels
  const known = new WeakMap<object, Map<string, readonly ActiveCalendar[]>>()
  return {
    matching(tenant, labels = noLabels) {
      const calendars = ofTenant.get(tenant)
      if (!calendars) return []
      const byTenant = known.get(labels) ?? new Map<string, readonly ActiveCalendar[]>()
      const found = byTenant.get(tenant) ?? calendars.filter((calendar) => calendar.matches(labels))
      known.set(labels, byTenant.set(tenant, found))
      return found
    },
  }
}

/** Finding out that an iCalendar cannot be read may take half a second. */
const askAgainAfterMs = 60_000

/** One whose windows cannot be told, as of a time zone that this machine does not know, must not stop all the rest. */
function guarded(calendar: StoredCalendar, onUnreadable: OnUnreadable): ActiveCalendar {
  const active = activeCalendar(calendar)
  let askAgainMs = Number.NEGATIVE_INFINITY
  const guard = <Answer>(ask: () => Answer, otherwise: Answer): Answer => {
    if (performance.now() < askAgainMs) return otherwise
    try {
      return ask()
    } catch (error) {
      askAgainMs = performance.now() + askAgainAfterMs
      const reason = toAppError(error).message
      onUnreadable({ kind: 'calendar', key: `${calendar.tenant}/${calendar.id}`, reason })
      return otherwise
    }
  }
  return {
    ...active,
    at: (ms) => guard(() => active.at(ms), undefined),
    within: (range) => guard(() => active.within(range), []),
    nextMs: (afterMs) => guard(() => active.nextMs(afterMs), undefined),
  }
}

/** Of who plans or runs without calendars. */
export const noCalendars: CalendarReader = { snapshot: async () => snapshotOf([]) }
