import { AppError } from '../../models/errors.ts'
import { knownModels } from './known-models.ts'

/** Which model is meant, and which revision where one was written: `ORG/NAME@REVISION`. */
export interface ModelName {
  /** `ORG/NAME`, or `NAME` of a folder that somebody copied into the store. */
  readonly id: string
  /** A commit, its first digits (at least 7), or the branch or tag that was pulled. */
  readonly revision?: string
}

// as the hub has them: no dot or dash at an end, so no part is ever . or .., nor hidden
const part = '[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?'
const nameForm = new RegExp(`^(${part}(?:/${part})?)(?:@([A-Za-z0-9][A-Za-z0-9._/-]{0,99}))?$`)

export function tryParseModelName(text: string): ModelName | undefined {
  const [, id, revision] = nameForm.exec(text) ?? []
  if (id === undefined || text.includes('..')) return undefined
  return { id, ...(revision !== undefined && { revision }) }
}

/** @throws INVALID_PARAMS naming the text. */
export function parseModelName(text: string): ModelName {
  const name = tryParseModelName(text)
  if (name) return name
  throw new AppError(
    'INVALID_PARAMS',
    `"${text}" is no name of a model: write chronos-bolt-small, ORG/NAME or ORG/NAME@REVISION`,
  )
}

/** `ORG/NAME` where that has a short name; else as it is. */
export function fullId(id: string): string {
  return knownModels.find(({ name }) => name === id)?.id ?? id
}

/** The other way round. */
export function shortName(id: string): string {
  return knownModels.find((known) => known.id === id)?.name ?? id
}
