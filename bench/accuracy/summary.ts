import { groupBy } from '../../models/group-by.ts'
import type { Line } from './evaluate.ts'
import { mean } from './mean.ts'

export interface Figures<T = number> {
  /** Relative to seasonal naive. */
  readonly sql: T
  readonly mase: T
  readonly cover80: T
  readonly cover98: T
}

export interface Summary {
  /** Every data set counts the same. */
  readonly all: Figures
  /** By context and horizon. */
  readonly cells: ReadonlyMap<string, Figures>
  readonly datasets: ReadonlyMap<string, Figures>
  /** Forecast values, of all windows. */
  readonly pathological: number
}

type Loss = 'sql' | 'mase'

const mostLogRatio = 3
// below it a loss is that of a forecast without error
const leastLoss = 1e-6

/** Of one model; losses are geometric means over series, then over data sets, then over contexts and horizons. */
export function summarise(lines: readonly Line[], naive: readonly Line[]): Summary {
  const naiveBlocks = blocksOf(naive)
  const blocks = [...blocksOf(lines).values()].map((block) => ({
    ...{ cell: block[0]!.cell, dataset: block[0]!.dataset, lines: block },
    logs: logRatios(block, naiveBlocks.get(blockKey(block[0]!)) ?? []),
  }))
  const byCell = groupBy(blocks, ({ cell }) => cell)
  const byDataset = groupBy(blocks, ({ dataset }) => dataset)
  const logs = (loss: Loss, of: readonly Block[]) => mean(of.map((block) => block.logs[loss]))
  const covers = (share: 'cover80' | 'cover98', of: readonly Block[]) =>
    mean(
      [...groupBy(of, ({ dataset }) => dataset).values()].map((set) =>
        mean(set.flatMap((block) => block.lines.map((line) => line[share]))),
      ),
    )
  const figures = (of: readonly Block[]): Figures => ({
    ...{ sql: Math.exp(logs('sql', of)), mase: Math.exp(logs('mase', of)) },
    ...{ cover80: covers('cover80', of), cover98: covers('cover98', of) },
  })
  const all = (loss: Loss) => Math.exp(mean([...byCell.values()].map((of) => logs(loss, of))))
  return {
    all: { ...figures(blocks), sql: all('sql'), mase: all('mase') },
    cells: new Map([...byCell].map(([cell, of]) => [cell, figures(of)])),
    datasets: new Map([...byDataset].map(([dataset, of]) => [dataset, figures(of)])),
    pathological: lines.reduce((sum, line) => sum + line.pathological, 0),
  }
}

/** One data set at one context and horizon. */
interface Block extends Pick<Line, 'cell' | 'dataset'> {
  readonly lines: readonly Line[]
  readonly logs: Readonly<Record<Loss, number>>
}

const blockKey = ({ cell, dataset }: Line) => `${cell} ${dataset}`
const blocksOf = (lines: readonly Line[]) => groupBy(lines, blockKey)

/** Mean over series. A series' own figure is the mean over its windows. */
function logRatios(lines: readonly Line[], naive: readonly Line[]): Block['logs'] {
  const own = groupBy(lines, ({ series }) => series)
  const reference = groupBy(naive, ({ series }) => series)
  const of = (loss: Loss) =>
    mean(
      [...own].map(([series, windows]) => {
        const [above, below] = [windows, reference.get(series) ?? []].map((some) =>
          Math.max(leastLoss, mean(some.map((line) => line[loss]))),
        )
        return Math.min(mostLogRatio, Math.max(-mostLogRatio, Math.log(above! / below!)))
      }),
    )
  return { sql: of('sql'), mase: of('mase') }
}
