import type { StepRange } from '../../models/series.ts'

/** `(2026-01-31T12:00:00.000Z, 2026-01-31T12:05:00.000Z]` */
export const rangeText = ({ fromMs, untilMs }: StepRange): string =>
  `(${new Date(fromMs).toISOString()}, ${new Date(untilMs).toISOString()}]`
