import { AppError } from '../../models/errors.ts'
import { parseLines, parseYaml, type WrittenDocument } from '../missions/document/read-documents.ts'
import { formatBinary } from './format-binary.ts'
import type { Api } from './types.ts'

const mostDocuments = 5_000
/** Measured: a megabyte of YAML keeps a process from everything else for a second. */
const mostYamlChars = 2 ** 18
/** Missions have four levels. */
const deepest = 64

const parsers: Readonly<Record<string, (text: string) => WrittenDocument[]>> = {
  'application/x-ndjson': parseNdjson,
  'application/json': parseJson,
  'application/yaml': parseBoundedYaml,
}

export const documentBodyTypes = Object.keys(parsers)

/** Bodies of many documents, each with where it stands; its keys reach nothing but the schema of what it is. */
export function readDocumentBodies(api: Api): void {
  api.removeContentTypeParser('application/json')
  for (const [type, parse] of Object.entries(parsers))
    api.addContentTypeParser<string>(type, { parseAs: 'string' }, async (_: unknown, text: string) =>
      bounded(parse, text),
    )
}

/** What a small body could make a parser do for minutes is refused before it is asked. */
function bounded(parse: (text: string) => WrittenDocument[], text: string): WrittenDocument[] {
  if (isTooDeep(text)) throw new AppError('INVALID_PARAMS', `brackets more than ${deepest} levels deep`)
  const documents = parse(text)
  if (documents.length <= mostDocuments) return documents
  throw tooMany(documents.length)
}

const tooMany = (count: number) =>
  new AppError('INVALID_PARAMS', `${count} documents; at most ${mostDocuments} at once`)

function parseNdjson(text: string): WrittenDocument[] {
  const lines = text.match(/^.*\S/gm)?.length ?? 0
  if (lines > mostDocuments) throw tooMany(lines)
  return parseLines(text, 'body')
}

/** A list, or one document. */
function parseJson(text: string): WrittenDocument[] {
  try {
    const value: unknown = JSON.parse(text)
    return (Array.isArray(value) ? value : [value]).map((document, i) => ({ origin: `body:${i + 1}`, document }))
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `the body is no JSON: ${(error as Error).message}`)
  }
}

function parseBoundedYaml(text: string): WrittenDocument[] {
  if (text.length <= mostYamlChars) return parseYaml(text, 'body')
  const hint = 'send NDJSON or JSON, as the command line does, or fewer at once'
  throw new AppError('INVALID_PARAMS', `more than ${formatBinary(mostYamlChars)} of YAML: ${hint}`)
}

/** Whether lists and mappings in brackets stand too deep in each other. */
function isTooDeep(text: string): boolean {
  let depth = 0
  for (const bracket of unquotedBrackets(text)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1)
    if (depth > deepest) return true
  }
  return false
}

/** A walk from mark to mark: a regular expression for whole strings would need a stack as deep as they are long. */
function* unquotedBrackets(text: string): Generator<string> {
  const marks = /["'[\]{}\\]/g
  let quote = ''
  for (let mark = marks.exec(text)?.[0]; mark !== undefined; mark = marks.exec(text)?.[0]) {
    if (quote === '') {
      if (mark === '"' || mark === "'") quote = mark
      else if (mark !== '\\') yield mark
    } else if (mark === quote) quote = ''
    // only double quotes know escapes
    else if (mark === '\\' && quote === '"') marks.lastIndex++
  }
}
