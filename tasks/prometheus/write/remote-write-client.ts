import { AppError } from '../../../models/errors.ts'
import type { SampleBlock, SeriesWriter, WriteReport } from '../../deps.ts'
import { deliverAll, type WriteSession } from './deliver-batch.ts'
import { createQuarantine } from './quarantine.ts'
import { planGroups, samplesAfter, type WriteGroup } from './write-batches.ts'
import type { RequestOptions } from './write-request.ts'

export interface RemoteWriterOptions {
  readonly datasource: RequestOptions['datasource']
  readonly http: RequestOptions['http']
  /** See `decideFutureWrites`. */
  readonly futureWrites: boolean
  readonly now: () => number
  /** Series of one metric in a request, about. Default 1,000. */
  readonly maxRows?: number
  /** Samples in a request, about. Default 10,000. */
  readonly maxSamples?: number
  /** Requests at a time in one `write`. Default 4. */
  readonly parallel?: number
  /** After this no attempt begins in one `write`; the last may take the datasource's time-out. Default 60 s. */
  readonly budgetMs?: number
  /** First wait between attempts. Default 200 ms. */
  readonly backoffMs?: number
}

/** What VictoriaMetrics takes ahead of now (2 d, silently dropping what is later), less an hour for its clock. */
const furthestAheadMs = 47 * 3_600_000
/** Requests that one `write` may spend on finding what the store refuses, over all of its batches. */
const searchesPerWrite = 100

/**
 * Remote write 1.0 to one datasource. What the store refuses for good is left out for an hour, so that the search for
 * it is not repeated at every tick.
 */
export function createRemoteWriter(options: RemoteWriterOptions): SeriesWriter {
  const { datasource, http, futureWrites, now, backoffMs = 200, budgetMs = 60_000 } = options
  const { maxRows = 1_000, maxSamples = 10_000, parallel = 4 } = options
  const quarantine = createQuarantine()
  const maxBytes = { compressed: 1 << 20, raw: 16 << 20 }
  return {
    futureWrites,
    async write(blocks, signal) {
      if (!futureWrites) refuseFuture(datasource.name, blocks, now())
      const failed = new AbortController()
      const session: WriteSession = {
        request: {
          ...{ datasource, http, backoffMs, maxBytes },
          signal: signal ? AbortSignal.any([signal, failed.signal]) : failed.signal,
          deadlineMs: performance.now() + budgetMs,
        },
        quarantine,
        furthestMs: now() + (futureWrites ? furthestAheadMs : 0),
        ...{ searches: searchesPerWrite, written: 0, dropped: 0, rejected: new Map() },
      }
      await sendGroups(session, planGroups(blocks, { maxRows, maxSamples }), { parallel, failed })
      const clamped = futureWrites ? samplesAfter(blocks, session.furthestMs) : 0
      return { ...report(session), clamped }
    },
  }
}

/** A store that is not known to be VictoriaMetrics may refuse all live samples after one from the future. */
function refuseFuture(datasource: string, blocks: readonly SampleBlock[], nowMs: number): void {
  for (const { name, timestampsMs } of blocks) {
    const lastMs = timestampsMs.at(-1)
    if (lastMs === undefined || lastMs <= nowMs) continue
    const [last, now] = [lastMs, nowMs].map((ms) => new Date(ms).toISOString())
    throw new AppError('INTERNAL', `datasource ${datasource} takes no future samples: ${name} at ${last}, now ${now}`)
  }
}

/** The first failure ends the others; all have ended when it is thrown. */
async function sendGroups(
  session: WriteSession,
  groups: readonly WriteGroup[],
  { parallel, failed }: { parallel: number; failed: AbortController },
): Promise<void> {
  const waiting = groups.values()
  const sender = async () => {
    for (const { rows, ranges } of waiting) {
      for (const { fromMs, untilMs } of ranges) {
        const range = { fromMs, untilMs: Math.min(untilMs, session.furthestMs) }
        await deliverAll(session, { rows, range })
      }
    }
  }
  let first: unknown
  const guarded = async () => {
    try {
      await sender()
    } catch (error) {
      first ??= error
      failed.abort(error)
    }
  }
  await Promise.all(Array.from({ length: parallel }, guarded))
  if (first !== undefined) throw first
}

/** @throws WRITE_REJECTED when the store refused everything. */
function report({ request, written, dropped, rejected }: WriteSession): WriteReport {
  const refused = [...rejected.values()]
  const [first] = refused
  if (first && written + dropped === 0)
    throw new AppError(
      'WRITE_REJECTED',
      `datasource ${request.datasource.name} refuses all ${refused.length} series: ${first.reason}`,
    )
  return {
    ...{ written, dropped },
    rejected: refused.map(({ row: { block, row }, reason }) => ({
      labels: { __name__: block.name, ...block.series[row]!.labels },
      reason,
    })),
  }
}
