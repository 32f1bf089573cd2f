import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { ApiClient } from '../api-client.ts'
import type { Io } from '../command.ts'
import { abortOnSignals } from '../signals.ts'
import { type Backfill, progressText } from './describe-backfill.ts'

const everyMs = 1_000
const anyBackfill = z.custom<Backfill>((value) => z.looseObject({ id: z.string() }).safeParse(value).success)

export const backfillPath = (id: string) => `/backfills/${encodeURIComponent(id)}`

export async function readBackfill(client: ApiClient, id: string): Promise<Backfill> {
  return anyBackfill.parse(await client.call({ path: backfillPath(id) }))
}

/** Shows the progress until it is over, paused or Ctrl-C; without a terminal a line when it has changed. */
export async function followBackfill(client: ApiClient, id: string, io: Io): Promise<Backfill> {
  const signal = abortOnSignals()
  let shown: string | undefined
  for (;;) {
    const backfill = await readBackfill(client, id)
    const text = progressText(backfill, Date.now())
    const isLive = backfill.state === 'running' || backfill.state === 'cancelling'
    if (io.terminal && isLive) io.terminal.write(`\r\u001b[K${text.slice(0, (io.terminal.columns ?? 80) - 1)}`)
    else if (text !== shown) io.out(text)
    shown = text
    if (!isLive || signal.aborted) return backfill
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

/** 0 when everything is done. */
export const exitCodeOf = ({ state, progress }: Backfill): number =>
  state === 'cancelled' || state === 'paused' || progress.failed > 0 ? 1 : 0
