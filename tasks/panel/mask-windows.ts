import type { Panel } from '../../models/series.ts'
import { type Window, windowRow } from '../covariates/windows.ts'

/** 1 at the steps of a panel whose values are not to be learnt; undefined when there are none. */
export function maskRow(
  { startMs, stepMs, length }: Pick<Panel, 'startMs' | 'stepMs' | 'length'>,
  windows: readonly Window[] = [],
): Float64Array | undefined {
  if (windows.length === 0) return undefined
  const row = windowRow(
    windows,
    Array.from({ length }, (_, i) => startMs + i * stepMs),
  )
  return row.includes(1) ? row : undefined
}

/** Makes gaps of the masked steps, in the values themselves: a panel may be too large to be there twice. */
export function maskValues(values: Float64Array, mask: Float64Array | undefined): void {
  if (!mask) return
  for (let i = 0; i < values.length; i++) if (mask[i] === 1) values[i] = Number.NaN
}
