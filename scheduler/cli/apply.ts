import { z } from 'zod'
import { AppError, toAppError } from '../../models/errors.ts'
import { describeIssues, jsonPointer, type SchemaNode } from '../config/zod-problems.ts'
import { parseMissions, readMissionFiles, type WrittenDocument } from '../missions/document/read-documents.ts'
import { type ApiClient, apiClient, apiOptions } from './api-client.ts'
import { type Io, type OptionValues, usageError } from './command.ts'
import { textTable } from './table.ts'

const outcomes = ['created', 'updated', 'unchanged', 'valid', 'failed'] as const

/** What became of one document. */
interface Applied {
  readonly outcome: (typeof outcomes)[number]
  readonly id: string
  readonly origin: string
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

const atOnce = 8
const putAnswer = z.object({
  outcome: z.enum(['created', 'updated', 'unchanged']),
  warnings: z.array(z.string()).default([]),
})

/** What can be applied. */
export interface DocumentKind {
  readonly noun: 'mission' | 'schedule'
  readonly schema: z.ZodType
  /** Below /api/v1. */
  readonly path: string
}

/** Options of every apply. */
export const applyOptions = {
  file: {
    type: 'string',
    short: 'f',
    multiple: true,
    value: 'FILE|DIR|-',
    help: 'documents; - reads standard input',
  },
  'dry-run': { type: 'boolean', help: 'only check the documents against the schema, send nothing' },
  json: { type: 'boolean', help: 'one JSON object per document in place of the table' },
  ...apiOptions,
} as const

/** Sends every document, whatever became of the others; 1 when one of them failed. */
export async function applyDocuments(
  kind: DocumentKind,
  values: OptionValues<typeof applyOptions>,
  io: Io,
): Promise<number> {
  if (values.file.length === 0) throw usageError(`${kind.noun} apply`, 'name the documents: -f FILE')
  const written: WrittenDocument[] = []
  for (const file of values.file) {
    written.push(...(file === '-' ? parseMissions(await io.readStdin(), 'stdin') : readMissionFiles(file)))
  }
  const client = values['dry-run'] ? undefined : apiClient(values, io.environment)
  if (written.length === 0) throw new AppError('NOT_FOUND', `no documents in ${values.file.join(', ')}`)
  const applied: Applied[] = []
  try {
    await applyAll(written, { kind, client, tree: treeOf(kind.schema) }, applied)
  } finally {
    // what was done before the API went away must not stay unsaid
    if (applied.length > 0) report(applied, { noun: kind.noun, asJson: values.json }, io)
  }
  return applied.some(({ outcome }) => outcome === 'failed') ? 1 : 0
}

const treeOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode

interface Target {
  readonly kind: DocumentKind
  readonly client: ApiClient | undefined
  readonly tree: SchemaNode
}

/** Fills `applied` in the order of the input; a few requests at a time, and none after the API was found to be away. */
async function applyAll(written: readonly WrittenDocument[], target: Target, applied: Applied[]): Promise<void> {
  const firsts = new Map<string, WrittenDocument>()
  for (const item of written) if (!firsts.has(idOf(item))) firsts.set(idOf(item), item)
  for (let start = 0; start < written.length; start += atOnce) {
    const batch = written.slice(start, start + atOnce)
    applied.push(...(await Promise.all(batch.map((item) => applyOne(item, firsts.get(idOf(item)) ?? item, target)))))
  }
}

async function applyOne(
  item: WrittenDocument,
  first: WrittenDocument,
  { kind, client, tree }: Target,
): Promise<Applied> {
  const { origin, document } = item
  const id = idOf(item)
  const failed = (...errors: string[]): Applied => ({ outcome: 'failed', id, origin, errors, warnings: [] })
  if (item.error !== undefined) return failed(item.error)
  if (first !== item && id !== '') return failed(`a ${kind.noun} of this id stands at ${first.origin} already`)
  const parsed = kind.schema.safeParse(document)
  if (parsed.error) {
    const findings = describeIssues(parsed.error, document, tree)
    return failed(...findings.map(({ path, detail }) => `${jsonPointer(path)}: ${detail}`.replace(/^: /, '')))
  }
  if (!client) return { outcome: 'valid', id, origin, errors: [], warnings: [] }
  try {
    const answer = await client.call({ method: 'PUT', path: `${kind.path}/${id}`, body: document })
    const { outcome, warnings } = putAnswer.parse(answer)
    return { outcome, id, origin, errors: [], warnings }
  } catch (error) {
    const { code, message } = toAppError(error)
    if (code === 'API_UNAVAILABLE' || code === 'UNAUTHENTICATED') throw error
    return failed(message)
  }
}

function idOf({ document }: WrittenDocument): string {
  const id = Object(document).id
  return typeof id === 'string' ? id : ''
}

const fromCell = ({ origin, errors, warnings }: Applied): string =>
  [origin, ...errors, ...warnings.map((warning) => `warning: ${warning}`)].join('  ')

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
