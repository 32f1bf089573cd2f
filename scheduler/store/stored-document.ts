import type { z } from 'zod'

/** A stored document that this release cannot read: another release wrote it, or somebody changed it by hand. */
export interface UnreadableDocument {
  readonly kind: 'mission' | 'schedule' | 'ticks' | 'run' | 'health' | 'backfill' | 'calendar'
  readonly key: string
  readonly reason: string
}

/** Told each time such a document is come across; it counts as absent, and everything else goes on. */
export type OnUnreadable = (document: UnreadableDocument) => void

export const ignoreUnreadable: OnUnreadable = () => undefined

export type Decoded<Document> =
  | { readonly document: Document; readonly reason?: never }
  | { readonly document?: never; readonly reason: string }

/** What a JSON text holds, or why it is not what it should be. */
export function decodeDocument<Schema extends z.ZodType>(json: string, schema: Schema): Decoded<z.output<Schema>> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (error) {
    return { reason: `no JSON: ${error instanceof Error ? error.message : error}` }
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { document: parsed.data }
  return { reason: issuesText(parsed.error) }
}

export function issuesText({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}
