import { z } from 'zod'
import type { CalendarWindow } from '../calendars/calendar-windows.ts'
import { calendarDocument } from '../calendars/document.ts'
import type { EffectWindow } from '../calendars/effects.ts'
import type { PresentWindow } from '../calendars/service.ts'
import type { StoredCalendar } from '../calendars/types.ts'
import { instant, toInstant } from './views.ts'

export const windowView = z
  .object({ from: instant, to: instant.describe('Not included') })
  .meta({ id: 'CalendarWindow' })

export const viewWindow = ({ fromMs, untilMs }: CalendarWindow): z.output<typeof windowView> => ({
  ...{ from: toInstant(fromMs), to: toInstant(untilMs) },
})

/** active: a window is open. waiting: for the next one. over: there is none to come. */
const calendarStates = ['active', 'waiting', 'over'] as const

export const calendarView = z
  .object({
    id: z.string(),
    generation: z.int().describe('Grows with every change; the ETag'),
    createdAt: instant,
    updatedAt: instant,
    state: z.enum(calendarStates),
    window: windowView.optional().describe('That is open, or the next one'),
    problem: z.string().optional().describe('Why its windows cannot be told: it counts as one without any'),
    document: calendarDocument,
  })
  .meta({ id: 'Calendar' })

export function viewCalendar(
  { id, generation, createdMs, updatedMs, document }: StoredCalendar,
  { window, problem }: PresentWindow,
  nowMs: number,
): z.output<typeof calendarView> {
  return {
    ...{ id, generation, createdAt: toInstant(createdMs), updatedAt: toInstant(updatedMs) },
    state: window ? (window.fromMs <= nowMs ? 'active' : 'waiting') : 'over',
    ...(window && { window: viewWindow(window) }),
    ...(problem !== undefined && { problem }),
    document,
  }
}

export const warningsView = z.array(z.string()).describe('What to know though the run was taken')

/** Whoever asks for a run by hand gets it, and hears that nothing runs by itself now. */
export function triggerWarnings(effects: readonly EffectWindow[]): { readonly warnings?: string[] } {
  const warnings = effects
    .filter(({ effect }) => effect === 'noRun')
    .map(({ calendar, untilMs }) => `calendar "${calendar}" lets nothing run by itself until ${toInstant(untilMs)}`)
  return warnings.length > 0 ? { warnings } : {}
}
