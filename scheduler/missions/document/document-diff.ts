import { isDeepStrictEqual } from 'node:util'

/** A field that one of two documents has otherwise. */
export interface FieldChange {
  /** JSON pointer. */
  readonly pointer: string
  /** undefined: the field is new. */
  readonly before?: unknown
  /** undefined: the field is gone. */
  readonly after?: unknown
}

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Field by field, in the order of `before` and then of what is new; lists are compared as a whole. */
export function documentDiff(before: object, after: object, under = ''): FieldChange[] {
  const [old, young] = [before as Fields, after as Fields]
  const names = [...new Set([...Object.keys(old), ...Object.keys(young)])]
  return names.flatMap((name): FieldChange[] => {
    const pointer = `${under}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const [was, is] = [old[name], young[name]]
    if (isDeepStrictEqual(was, is)) return []
    if (isFields(was) && isFields(is)) return documentDiff(was, is, pointer)
    return [{ pointer, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }]
  })
}
