import { z } from 'zod'
import { duration, missionId } from '../missions/document/document.ts'
import { instant } from '../schedules/document.ts'
import { selectorHint as labelsHint, parseLabelSelector } from '../schedules/label-selector.ts'

/** noRun: nothing runs and the time is not scored. noAlert: scores, but nobody is told. mask: values are not learnt. */
export const calendarEffects = ['noRun', 'noAlert', 'mask'] as const
export type CalendarEffect = (typeof calendarEffects)[number]

/** Of missions, so that one rule tells what is an id. */
export const calendarId = missionId

const timeZone = z.string().max(100)

const window = z
  .strictObject({
    from: instant.exactOptional().describe('Of a window that comes once'),
    to: instant.exactOptional().describe('Not included'),
    cron: z.string().max(200).exactOptional().describe('Starts of a window that comes again and again'),
    duration: duration
      .exactOptional()
      .describe('Of each, as time that passes: a change of the clocks does not stretch it'),
    timeZone: timeZone.exactOptional().describe('IANA zone of cron; default UTC'),
    dst: z
      .enum(['shift', 'skip'])
      .exactOptional()
      .describe('A start that the clocks leave out comes right after the gap (shift, the default) or not at all'),
  })
  .superRefine(({ from, to, cron, duration: lasts, timeZone: zone, dst }, check) => {
    const isOnce =
      from !== undefined && to !== undefined && [cron, lasts, zone, dst].every((each) => each === undefined)
    const isRepeated = from === undefined && to === undefined && cron !== undefined && lasts !== undefined
    if (!isOnce && !isRepeated)
      check.addIssue({ code: 'custom', message: 'give from and to, or cron and duration (with timeZone, dst)' })
  })

const ical = z.strictObject({
  text: z.string().max(100_000).describe('Of an iCalendar; calendar apply reads `file` into it'),
  timeZone: timeZone.exactOptional().describe('IANA zone of whole days, and of times that name none; default UTC'),
})

const selectorHint = `${labelsHint}; or * for all`
const noLabels = z.strictObject({}, { error: selectorHint })
const isSelector = (text: string): boolean => isEverything(text) || parseLabelSelector(text) !== undefined

export const isEverything = (text: string): boolean => text === '*' || text === '{}'

const fields = z.strictObject({
  id: calendarId,
  selector: z
    .union([z.string().max(1_000).refine(isSelector, { error: selectorHint }), noLabels], { error: selectorHint })
    .describe('Labels of missions, and of schedules that no mission has: team=sre,env!=dev; `*` or {} for all'),
  effect: z.enum(calendarEffects),
  windows: z.array(window).max(1_000).exactOptional(),
  ical: ical.exactOptional(),
  owner: z.string().max(200).exactOptional().describe('Yours'),
  notes: z.string().max(10_000).exactOptional().describe('Yours'),
})

const hasWindows = z.refine<Pick<z.output<typeof fields>, 'windows' | 'ical'>>(
  ({ windows = [], ical: events }) => windows.length > 0 || events !== undefined,
  { error: 'give windows or ical', path: ['windows'] },
)

const example = {
  ...{ selector: 'team=sre', effect: 'noAlert' },
  windows: [{ cron: '0 2 * * 0', duration: '4h', timeZone: 'Europe/Berlin' }],
} as const

/** Stretches of time in which missions and schedules that bear some labels are treated otherwise. */
export const calendarDocument = fields
  .check(hasWindows)
  .meta({ id: 'CalendarDocument', examples: [{ id: 'sunday-maintenance', ...example }] })

/** The same where the path says which calendar it is. */
export const calendarBody = fields
  .extend({ id: calendarId.exactOptional().describe('As in the path') })
  .check(hasWindows)
  .meta({ id: 'CalendarBody', examples: [example] })

export type CalendarDocument = z.output<typeof calendarDocument>
