import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { describeMisfit } from '../config/describe-misfit.ts'
import { untilNoConflict } from '../store/outrun.ts'

export const mergePatchType = 'application/merge-patch+json'

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396: objects are merged member by member, null removes one, anything else replaces what was there. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return patch
  const merged = new Map(Object.entries(isMembers(target) ? target : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/** Of a request that patches a document: any of its fields, null where one goes. */
export const patchBody = z.record(z.string(), z.unknown()).meta({ id: 'MergePatch', examples: [{ notes: null }] })

/** The document as patched. @throws INVALID_PARAMS naming every field of it that does not fit. */
export function patcher<Schema extends z.ZodType>(schema: Schema) {
  const describe = describeMisfit(schema)
  return (document: unknown, patch: unknown): z.output<Schema> => {
    const merged = mergePatch(document, patch)
    const parsed = schema.safeParse(merged)
    if (parsed.success) return parsed.data
    const { text, problems } = describe(parsed.error, merged)
    throw new AppError('INVALID_PARAMS', `the document as patched does not fit: ${text}`, { problems })
  }
}

interface Rewrite<Stored, Answer> {
  /** @throws what the caller is to be told. */
  read(): Promise<Stored>
  /** @throws CONFLICT unless what is stored has this generation. */
  write(stored: Stored, ifGeneration: number): Promise<Answer>
  /** The only one that the caller wants to change. */
  readonly ifGeneration?: number | undefined
}

/** Writes what follows from what is stored, again where somebody else wrote in between. */
export async function rewrite<Stored extends { readonly generation: number }, Answer>({
  read,
  write,
  ifGeneration,
}: Rewrite<Stored, Answer>): Promise<Answer> {
  if (ifGeneration !== undefined) return write(await read(), ifGeneration)
  return untilNoConflict(async () => {
    const stored = await read()
    return write(stored, stored.generation)
  })
}
