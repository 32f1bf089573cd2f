import type { OnUnreadable } from '../store/stored-document.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** More than this are one trouble, not many. */
const maxTold = 10_000

/** Counts each time a stored document could not be read, and logs each document once. */
export function unreadableDocuments(metrics: Pick<Metrics, 'unreadableDocuments'>, logger: Logger): OnUnreadable {
  const told = new Set<string>()
  return ({ kind, key, reason }) => {
    metrics.unreadableDocuments.inc({ kind })
    const document = `${kind} ${key}`
    if (told.has(document) || told.size >= maxTold) return
    told.add(document)
    logger.error({ kind, key, reason }, 'a stored document cannot be read and counts as absent')
  }
}
