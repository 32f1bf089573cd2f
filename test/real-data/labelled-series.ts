import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { floorToStep, type StepRange } from '../../models/series.ts'
import { dayMs, hourMs } from '../scenarios/world.ts'

/** The data is other people's: it is read where it lies, and nothing of it is kept here. */
export const evaluationFolder = resolve(
  process.env.AT_EVAL_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)),
)

const windowFiles = { nab: 'combined_windows.json', kpi: 'windows.json' } as const
export type Collection = keyof typeof windowFiles

export const hasEvaluationData = Object.entries(windowFiles).every(([collection, file]) =>
  existsSync(join(evaluationFolder, collection, file)),
)

export interface LabelledSeries {
  readonly name: string
  /** Value by instant, in order; every instant lies on the grid. */
  readonly samples: ReadonlyMap<number, number>
  /** Labelled stretches of time, both ends included. */
  readonly windows: readonly Window[]
}

export interface Window {
  readonly firstMs: number
  readonly lastMs: number
}

interface ReadOptions {
  readonly collection: Collection
  /** Within the collection's folder. */
  readonly file: string
  readonly stepMs: number
}

/** One labelled series, its samples moved back onto the grid; of several within one step the last counts. */
export async function readLabelledSeries({ collection, file, stepMs }: ReadOptions): Promise<LabelledSeries> {
  const folder = join(evaluationFolder, collection)
  const labelled: Record<string, [string, string][]> = JSON.parse(
    await readFile(join(folder, windowFiles[collection]), 'utf8'),
  )
  const [, ...rows] = (await readFile(join(folder, file), 'utf8')).replaceAll('"', '').trimEnd().split('\n')
  const byInstant = new Map<number, number>()
  for (const row of rows) {
    const [instant = '', text = ''] = row.split(',')
    if (text === '') continue
    const [ms, value] = [floorToStep(instantMs(instant), stepMs), Number(text)]
    if (!Number.isFinite(ms + value)) throw new Error(`${collection}/${file}: "${row}" is no instant and value`)
    byInstant.set(ms, value)
  }
  return {
    name: file.replace(/^.*\/|\.csv$/g, ''),
    samples: new Map([...byInstant].sort(([a], [b]) => a - b)),
    windows: (labelled[file] ?? []).map(([first, last]) => ({ firstMs: instantMs(first), lastMs: instantMs(last) })),
  }
}

/** Unix seconds, or a date and a time of day in UTC, with or without T, fraction and Z. */
function instantMs(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text.replace(' ', 'T').replace(/Z?$/, 'Z'))
}

const historyMs = 7 * dayMs
/** So much history makes a series worth replaying. */
const leastHistoryMs = 5 * dayMs
const calmBeforeMs = 8 * hourMs

/**
 * A series as if it were happening in `replayed`: its last labelled window that has a history, some calm before it; the
 * end of a series that has none. What lies more than a week before or after is left out.
 */
export function moveToReplay({ name, samples, windows }: LabelledSeries, replayed: StepRange): LabelledSeries {
  const instants = [...samples.keys()]
  const firstMs = instants.at(0)!
  const latestFromMs = instants.at(-1)! - (replayed.untilMs - replayed.fromMs)
  const picked = windows.findLast((window) => window.firstMs - calmBeforeMs - firstMs >= leastHistoryMs)
  const fromMs = floorToStep(Math.min(picked ? picked.firstMs - calmBeforeMs : latestFromMs, latestFromMs), hourMs)
  const shiftMs = replayed.fromMs - fromMs
  const isReplayed = (ms: number) => ms > replayed.fromMs - historyMs && ms <= replayed.untilMs
  const moved = windows.map((window) => ({ firstMs: window.firstMs + shiftMs, lastMs: window.lastMs + shiftMs }))
  return {
    name,
    samples: new Map(
      [...samples].map(([ms, value]) => [ms + shiftMs, value] as const).filter(([ms]) => isReplayed(ms)),
    ),
    windows: moved.filter((window) => window.lastMs > replayed.fromMs && window.firstMs <= replayed.untilMs),
  }
}
