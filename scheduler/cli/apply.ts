import { z } from 'zod'
import { AppError, toAppError } from '../../models/errors.ts'
import { describeIssues, jsonPointer, type SchemaNode } from '../config/zod-problems.ts'
import { parseMissions, readMissionFiles, type WrittenDocument } from '../missions/document/read-documents.ts'
import { type ApiClient, apiOptions } from './api-client.ts'
import { type Io, type OptionValues, usageError } from './command.ts'
import { textTable } from './table.ts'

const outcomes = ['created', 'updated', 'unchanged', 'valid', 'pruned', 'failed'] as const

/** What became of one document. */
export interface Applied {
  readonly outcome: (typeof outcomes)[number]
  readonly id: string
  readonly origin: string
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  /** Of an update: field, before and after. */
  readonly changes?: readonly string[]
}

/** What can be applied. */
export interface DocumentKind {
  readonly noun: 'mission' | 'schedule' | 'calendar'
  readonly schema: z.ZodType
  /** How many documents are sent together. */
  readonly batch: number
  /** What became of each, in their order, and then of others; undefined: nothing is sent, documents are only checked. */
  readonly send: ((batch: readonly WrittenDocument[], isAllWell: boolean) => Promise<readonly Applied[]>) | undefined
}

export const fileOption = {
  type: 'string',
  short: 'f',
  multiple: true,
  value: 'FILE|DIR|-',
  help: 'documents; - reads standard input',
} as const

/** Options of every apply. */
export const applyOptions = {
  file: fileOption,
  check: { type: 'boolean', help: 'only check the documents against the schema, without an API' },
  json: { type: 'boolean', help: 'one JSON object per document in place of the table' },
  ...apiOptions,
} as const

type ApplyValues = Pick<OptionValues<typeof applyOptions>, 'file' | 'json'>

/** Documents of all files. @throws NOT_FOUND when there are none. */
export async function readWritten(
  noun: string,
  { file: files }: Pick<ApplyValues, 'file'>,
  io: Io,
): Promise<WrittenDocument[]> {
  if (files.length === 0) throw usageError(`${noun} apply`, 'name the documents: -f FILE')
  const written: WrittenDocument[] = []
  for (const file of files)
    written.push(...(file === '-' ? parseMissions(await io.readStdin(), 'stdin') : readMissionFiles(file)))
  if (written.length === 0) throw new AppError('NOT_FOUND', `no documents in ${files.join(', ')}`)
  return written
}

/** Sends every document, whatever became of the others; 1 when one of them failed. */
export async function applyDocuments(
  kind: DocumentKind,
  written: readonly WrittenDocument[],
  { json, io }: { readonly json: boolean; readonly io: Io },
): Promise<number> {
  const applied: Applied[] = []
  try {
    await applyAll(written, kind, applied)
  } finally {
    // what was done before the API went away must not stay unsaid
    if (applied.length > 0) report(applied, { noun: kind.noun, asJson: json }, io)
  }
  return applied.some(({ outcome }) => outcome === 'failed') ? 1 : 0
}

/** Fills `applied` in the order of the input; none is sent after the API was found to be away. */
async function applyAll(written: readonly WrittenDocument[], kind: DocumentKind, applied: Applied[]): Promise<void> {
  const { batch: size, send } = kind
  const checked = checkAll(written, kind)
  const isAllWell = checked.every(({ outcome }) => outcome === 'valid')
  for (let start = 0; start < written.length; start += size) {
    const known = checked.slice(start, start + size)
    const toSend = written.slice(start, start + size).filter((_, i) => known[i]?.outcome === 'valid')
    const sent = send && toSend.length > 0 ? [...(await send(toSend, isAllWell))] : []
    applied.push(...known.map((item) => (send && item.outcome === 'valid' ? (sent.shift() ?? item) : item)), ...sent)
  }
}

function checkAll(written: readonly WrittenDocument[], { noun, schema }: DocumentKind): Applied[] {
  const tree = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  const firsts = new Map<string, WrittenDocument>()
  for (const item of written) if (!firsts.has(idOf(item))) firsts.set(idOf(item), item)
  return written.map((item) => {
    const { origin, document, error } = item
    const id = idOf(item)
    const first = firsts.get(id)
    if (error !== undefined) return failedDocument(item, error)
    if (first && first !== item && id !== '')
      return failedDocument(item, `a ${noun} of this id stands at ${first.origin} already`)
    const parsed = schema.safeParse(document)
    if (!parsed.error) return { outcome: 'valid', id, origin, errors: [], warnings: [] }
    const findings = describeIssues(parsed.error, document, tree)
    return failedDocument(item, ...findings.map(({ path, detail }) => atPointer(jsonPointer(path), detail)))
  })
}

export const atPointer = (pointer: string, detail: string): string =>
  pointer === '' ? detail : `${pointer}: ${detail}`

export function failedDocument(item: WrittenDocument, ...errors: string[]): Applied {
  return { outcome: 'failed', id: idOf(item), origin: item.origin, errors, warnings: [] }
}

const putAnswer = z.object({
  outcome: z.enum(['created', 'updated', 'unchanged']),
  warnings: z.array(z.string()).default([]),
})

/** One PUT for each below `path`, all at once. */
export function sendEach(client: ApiClient, path: string): NonNullable<DocumentKind['send']> {
  return (batch) =>
    Promise.all(
      batch.map(async (item): Promise<Applied> => {
        const id = idOf(item)
        try {
          const answer = await client.call({ method: 'PUT', path: `${path}/${id}`, body: item.document })
          return { ...putAnswer.parse(answer), id, origin: item.origin, errors: [] }
        } catch (error) {
          const { code, message } = toAppError(error)
          if (code === 'API_UNAVAILABLE' || code === 'UNAUTHENTICATED') throw error
          return failedDocument(item, message)
        }
      }),
    )
}

function idOf({ document }: WrittenDocument): string {
  const id = Object(document).id
  return typeof id === 'string' ? id : ''
}

const fromCell = ({ origin, errors, warnings, changes = [] }: Applied): string =>
  [origin, ...errors, ...changes, ...warnings.map((warning) => `warning: ${warning}`)].join('  ')

function report(applied: readonly Applied[], { noun, asJson }: { noun: string; asJson: boolean }, io: Io): void {
  if (asJson) {
    for (const item of applied) io.out(JSON.stringify(item))
    return
  }
  const columns = [
    { title: 'OUTCOME', cell: ({ outcome }: Applied) => outcome },
    { title: noun.toUpperCase(), cell: ({ id }: Applied) => id || '-' },
    { title: 'FROM', cell: fromCell },
  ]
  io.out(textTable(applied, columns))
  const counts = outcomes.map(
    (outcome) => [outcome, applied.filter((item) => item.outcome === outcome).length] as const,
  )
  io.out(counts.flatMap(([outcome, count]) => (count > 0 ? [`${count} ${outcome}`] : [])).join(', '))
}
