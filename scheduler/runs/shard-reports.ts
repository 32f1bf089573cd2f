import { z } from 'zod'
import type { SeriesPart } from '../../tasks/deps.ts'
import { type RunJob, type RunRecord, recordStates, runIds, type ShardReport } from '../queue/runs.ts'
import type { RunStore } from '../store/ticks/run-store.ts'

const shardReport: z.ZodType<ShardReport> = z.object({
  runId: z.string(),
  part: z.string(),
  series: z.number(),
  state: z.enum(['waiting', ...recordStates]),
  attempt: z.number().exactOptional(),
  worker: z.string().exactOptional(),
  startedMs: z.number().exactOptional(),
  endedMs: z.number().exactOptional(),
  read: z.number().exactOptional(),
  forecast: z.number().exactOptional(),
  fallback: z.string().exactOptional(),
  error: z.object({ code: z.string(), message: z.string() }).exactOptional(),
})

/** Of a run that was split, by their numbers; from what their workers noted. */
export function shardReports(
  runs: Pick<RunStore, 'get'>,
  job: Pick<RunJob, 'runId' | 'shards' | 'retriedAfter'>,
): Promise<readonly ShardReport[]> {
  const { shards = [] } = job
  return Promise.all(
    shards.map(async ({ part, series }, number) => {
      const { runId, record } = await newestRun(runs, job, number)
      return { runId, part: partText(part), series, ...(record ? progress(record) : { state: 'waiting' as const }) }
    }),
  )
}

/** Of the newest round, else the one that succeeded before: a retry of the run leaves such a shard alone. */
async function newestRun(
  runs: Pick<RunStore, 'get'>,
  { runId: of, retriedAfter = 0 }: Pick<RunJob, 'runId' | 'retriedAfter'>,
  number: number,
): Promise<{ readonly runId: string; readonly record?: RunRecord }> {
  // a round is called by the attempts before it: not every number is one
  for (let round = retriedAfter; round >= 0; round--) {
    const runId = runIds.shard(of, number, round)
    const record = await runs.get(runId)
    if (record && (round === retriedAfter || record.state === 'succeeded')) return { runId, record }
  }
  return { runId: runIds.shard(of, number, retriedAfter) }
}

/** As the summary of a run that has ended keeps them; undefined of one that was not split. */
export function summedShards(summary: RunRecord['summary']): readonly ShardReport[] | undefined {
  return z.array(shardReport).safeParse(summary?.shards).data
}

function progress({ state, attempt, worker, startedMs, endedMs, error, summary = {} }: RunRecord) {
  const { read, forecast, fallback } = summary
  return {
    ...{ state, attempt, worker, startedMs },
    ...(endedMs !== undefined && { endedMs }),
    ...(typeof read === 'number' && { read }),
    ...(typeof forecast === 'number' && { forecast }),
    ...(typeof fallback === 'string' && { fallback }),
    ...(error && { error }),
  }
}

const namedValues = 3

function partText(part: SeriesPart): string {
  if ('hash' in part) return `hash ${part.hash + 1} of ${part.of}${part.by ? ` by ${part.by.join(', ')}` : ''}`
  const { label, values, isRest = false } = part
  if (isRest) return `every other ${label}`
  const more = values.length - namedValues
  return `${label} ${values.slice(0, namedValues).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
