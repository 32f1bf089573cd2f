import type { Quarantine } from './quarantine.ts'
import { rowKey, type WireRow } from './remote-write-wire.ts'
import { halve, halveRows, sampleCount, type WriteBatch, withoutOldest } from './write-batches.ts'
import { type RequestOptions, sendBatch } from './write-request.ts'

/** Requests for finding what the store refuses in one batch: enough for one series among 2,000. */
const searchesPerBatch = 20

/** One `write` in the making. */
export interface WriteSession {
  readonly request: RequestOptions
  readonly quarantine: Quarantine
  /** Later samples are not sent. */
  readonly furthestMs: number
  /** Requests left for finding what the store refuses. */
  searches: number
  written: number
  dropped: number
  /** By row, however many requests it was refused in. */
  readonly rejected: Map<string, { readonly row: WireRow; readonly reason: string }>
}

/** Sends a batch, but for what is known to be refused; resolves when every sample is counted in the session. */
export async function deliverAll(session: WriteSession, { rows, range }: WriteBatch): Promise<void> {
  const { quarantine, rejected } = session
  const wanted = (row: WireRow) => {
    const reason = quarantine.reasonFor(rowKey(row))
    if (reason !== undefined) rejected.set(rowKey(row), { row, reason })
    return reason === undefined
  }
  await settle(session, { rows: quarantine.size === 0 ? rows : rows.filter(wanted), range })
}

async function settle(session: WriteSession, batch: WriteBatch): Promise<void> {
  const refused = await deliver(session, batch)
  if (!refused) return
  const budget = { left: Math.min(searchesPerBatch, session.searches) }
  session.searches -= budget.left
  await isolate(session, refused, budget)
  session.searches += budget.left
}

interface Refused {
  readonly batch: WriteBatch
  readonly reason: string
}

/** Sends a batch until the store has all of it; returns what it refuses for good. */
async function deliver(session: WriteSession, batch: WriteBatch): Promise<Refused | undefined> {
  let rest: WriteBatch | undefined = batch
  while (rest) {
    const answer = await sendBatch(session.request, rest)
    if (answer.kind === 'refused') return { batch: rest, reason: answer.reason }
    if (answer.kind === 'tooLarge') return deliverHalves(session, rest, answer.reason)
    if (answer.kind === 'written') {
      session.written += answer.samples
      return undefined
    }
    rest = dropOldest(session, rest)
  }
  return undefined
}

/** Rows of a batch are written together: the store refuses its oldest instants until the first that it has not. */
function dropOldest(session: WriteSession, batch: WriteBatch): WriteBatch | undefined {
  const rest = withoutOldest(batch)
  session.dropped += sampleCount(batch) - (rest ? sampleCount(rest) : 0)
  return rest
}

async function deliverHalves(session: WriteSession, batch: WriteBatch, reason: string): Promise<Refused | undefined> {
  const halves = halve(batch)
  if (!halves) return { batch, reason }
  for (const half of halves) await settle(session, half)
  return undefined
}

interface SearchBudget {
  left: number
}

/**
 * Narrows a refused batch down to one row by trying a half of what is left of it, rejects that row and sends what was
 * not tried. A search that began cheap enough always ends at a row, so every write knows at least one more.
 */
async function isolate(session: WriteSession, { batch, reason }: Refused, budget: SearchBudget): Promise<void> {
  const needed = Math.ceil(Math.log2(batch.rows.length)) + 1
  if (budget.left < needed) return spread(session, { batch, reason }, budget)
  let suspect = batch
  let why = reason
  const untried: WireRow[] = []
  while (suspect.rows.length > 1) {
    const [half, other] = halveRows(suspect)
    budget.left--
    const refused = await deliver(session, half)
    if (refused) untried.push(...other.rows)
    suspect = refused?.batch ?? other
    why = refused?.reason ?? why
  }
  reject(session, suspect.rows, why)
  if (untried.length === 0) return
  budget.left--
  const more = await deliver(session, { rows: untried, range: batch.range })
  if (more) await isolate(session, more, budget)
}

/** With too few requests to find a row: as many parts as there are requests, of which the refused ones are rejected. */
async function spread(session: WriteSession, { batch, reason }: Refused, budget: SearchBudget): Promise<void> {
  const { rows, range } = batch
  if (budget.left === 0) return reject(session, rows, reason)
  const size = Math.ceil(rows.length / budget.left)
  for (let from = 0; from < rows.length; from += size) {
    budget.left--
    const refused = await deliver(session, { rows: rows.slice(from, from + size), range })
    if (refused) reject(session, refused.batch.rows, refused.reason)
  }
}

function reject({ quarantine, rejected }: WriteSession, rows: readonly WireRow[], reason: string): void {
  const alone = rows.length === 1
  const words = alone ? reason : `${reason} (somewhere among ${rows.length} series; the search for it ended)`
  for (const row of rows) {
    rejected.set(rowKey(row), { row, reason: words })
    if (alone) quarantine.add(rowKey(row), reason)
  }
}
