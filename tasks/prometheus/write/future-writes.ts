import { createHash } from 'node:crypto'
import { AppError } from '../../../models/errors.ts'
import type { Datasource } from '../datasource.ts'

/** `native`: the band goes out when it is made, ahead of now. `deferred`: detection writes it at its time. */
export type FutureWrites = 'native' | 'deferred'

/** Where the answer of a store is remembered; a key stands for one datasource at one write URL. */
export interface FutureWritesMemory {
  load(key: string): Promise<FutureWrites | undefined>
  save(key: string, decision: FutureWrites): Promise<void>
}

export interface FutureWritesQuestion {
  readonly datasource: Pick<Datasource, 'name' | 'kind' | 'writeUrl' | 'futureWrites' | 'backfillReachMs'>
  /** Whether an endpoint that only VictoriaMetrics has answers at the write target; `unknown`: nobody answered. */
  readonly confirmVictoriaMetrics: (signal?: AbortSignal) => Promise<'yes' | 'no' | 'unknown'>
  readonly memory: FutureWritesMemory
  readonly signal?: AbortSignal
}

/**
 * Decided once per datasource and write URL: Prometheus refuses all live samples after one from the future, so nothing
 * is tried out, and only a confirmed VictoriaMetrics is native by itself.
 * @throws INVALID_CONFIG for `native` at a kind that cannot, STORE_UNAVAILABLE when the store gave no answer: ask again.
 */
export async function decideFutureWrites(question: FutureWritesQuestion): Promise<FutureWrites> {
  const { datasource, confirmVictoriaMetrics, memory, signal } = question
  const { name, kind, futureWrites } = datasource
  const mayBeVictoriaMetrics = kind === 'victoriametrics' || kind === 'auto'
  if (futureWrites === 'native' && !mayBeVictoriaMetrics)
    throw new AppError('INVALID_CONFIG', `datasource ${name}: futureWrites native is not for a store of kind ${kind}`)
  // the operator's word: behind vmagent or a proxy no endpoint confirms it
  if (futureWrites !== 'auto') return futureWrites
  if (!mayBeVictoriaMetrics) return 'deferred'
  const key = memoryKey(datasource)
  const known = await memory.load(key)
  if (known) return known
  const confirmed = await confirmVictoriaMetrics(signal)
  if (confirmed === 'unknown')
    throw new AppError(
      'STORE_UNAVAILABLE',
      `datasource ${name}: no usable answer from ${datasource.writeUrl}: is it up, and a store?`,
    )
  const decision = confirmed === 'yes' ? 'native' : 'deferred'
  await memory.save(key, decision)
  return decision
}

/**
 * How old samples may be that a store takes, as backfills write them: VictoriaMetrics takes any, Prometheus and its kin
 * refuse what is an hour old. To be wrong does no harm: what comes too late is refused. So the operator's word counts here.
 * @throws STORE_UNAVAILABLE where the kind is not given and the store gave no answer: ask again.
 */
export async function backfillReachMs(question: FutureWritesQuestion): Promise<number> {
  const { datasource } = question
  if (datasource.backfillReachMs !== undefined) return datasource.backfillReachMs
  if (datasource.kind === 'victoriametrics' || datasource.futureWrites === 'native') return Number.POSITIVE_INFINITY
  if (datasource.kind !== 'auto') return 0
  const asked = { ...datasource, futureWrites: 'auto' } as const
  return (await decideFutureWrites({ ...question, datasource: asked })) === 'native' ? Number.POSITIVE_INFINITY : 0
}

/** Another write URL is another store: what the old one could says nothing of it. */
function memoryKey({ name, kind, writeUrl }: FutureWritesQuestion['datasource']): string {
  return `${name}:${createHash('sha256').update(`${kind} ${writeUrl}`).digest('hex').slice(0, 16)}`
}
