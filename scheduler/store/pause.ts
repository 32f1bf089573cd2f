import { z } from 'zod'

/** T's in (sinceMs, untilMs] are left out; without `untilMs` it lasts. */
export interface Pause {
  readonly reason: string
  readonly actor?: string
  /** Made by us after failures, not by whoever bears the same name. */
  readonly automatic?: boolean
  readonly sinceMs: number
  readonly untilMs?: number
}

/** Whom pauses and edits of ours name. */
export const systemActor = 'anomaly-times'

/** Of a pause that is stored or exported, whoever owns it. */
export const storedAuthor = {
  actor: z.string(),
  // not in older ones, which tell by the name
  automatic: z.boolean().exactOptional(),
}

export const isAutomatic = ({ automatic, actor }: Pick<Pause, 'automatic' | 'actor'>): boolean =>
  automatic ?? actor === systemActor

export function isPauseOn(pause: Pick<Pause, 'untilMs'> | undefined, nowMs: number): boolean {
  return pause !== undefined && (pause.untilMs ?? Number.POSITIVE_INFINITY) > nowMs
}
