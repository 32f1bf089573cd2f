import type { z } from 'zod'
import type { backfillView } from '../../api/backfill-views.ts'
import { relativeTime, textTable } from '../table.ts'

export type Backfill = z.output<typeof backfillView>

const barWidth = 24

/** `███░░░ 12/48, 2 failed, 3 left out, done in 4 min`. */
export function progressText({ state, progress }: Backfill, nowMs: number): string {
  const { total, done, failed, skipped, endsAt } = progress
  const over = done + failed + skipped
  const filled = Math.floor((over / Math.max(1, total)) * barWidth)
  const parts = [
    `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${over}/${total}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} left out`] : []),
    ...(state !== 'running' ? [state] : endsAt === undefined ? [] : [`done ${relativeTime(endsAt, nowMs)}`]),
  ]
  return parts.join(', ')
}

export function backfillTable(backfills: readonly Backfill[], nowMs: number): string {
  if (backfills.length === 0) return 'no backfills'
  return textTable(backfills, [
    { title: 'BACKFILL', cell: ({ id }) => id },
    { title: 'STATE', cell: ({ state }) => state },
    { title: 'FLOW', cell: ({ flow }) => flow },
    { title: 'OF', cell: ({ mission, labels }) => mission ?? labels ?? '-' },
    { title: 'FROM', cell: ({ from }) => from },
    { title: 'TO', cell: ({ to }) => to },
    { title: 'PROGRESS', cell: (backfill) => progressText(backfill, nowMs) },
  ])
}

export function describeBackfill(backfill: Backfill, nowMs: number): string {
  const { id, flow, mission, labels, from, to, order, reprocess, maxActive, createdAt, createdBy, pause } = backfill
  const fields: [string, string | undefined][] = [
    ['backfill', `${id}, created ${relativeTime(createdAt, nowMs)} by ${createdBy}`],
    ['of', `${flow} of ${mission === undefined ? `missions that bear ${labels}` : `mission ${mission}`}`],
    ['steps', `after ${from} up to ${to}, the ${order} first`],
    ['reprocess', `${reprocess}, at most ${maxActive} runs in the queue`],
    ['progress', progressText(backfill, nowMs)],
    ['paused by', pause && [pause.actor, pause.reason].filter(Boolean).join(': ')],
    ...backfill.skippedBy.map(({ reason, count }): [string, string] => ['left out', `${count}: ${reason}`]),
    ...(backfill.parts ?? [])
      .filter(({ ended }) => ended !== undefined)
      .map((part): [string, string] => ['ended', `${part.mission}: ${part.ended}`]),
    ...backfill.failures.map(({ mission: of, nominal, code, message }): [string, string] => [
      'failed',
      `${of} ${nominal} ${code}: ${message}`,
    ]),
  ]
  const known = fields.filter(([, text]) => text !== undefined)
  return known.map(([title, text]) => `${title.padEnd(11)}${text}`).join('\n')
}
