import { z } from 'zod'
import { flowNames, type RunJob, type RunRecord, recordStates, runKinds } from '../../queue/runs.ts'
import { type Decoded, decodeDocument, issuesText } from '../stored-document.ts'

const version = 1

/** One field for all of it: measured, a hash with a field for each takes a kilobyte more. */
export function encodeRun(record: RunRecord): Record<string, string> {
  return { doc: JSON.stringify({ version, ...record }) }
}

export function decodeRun({ doc, ...fields }: Readonly<Record<string, string>>): Decoded<RunRecord> {
  return doc === undefined ? decodeFields(fields) : decodeDocument(doc, runDocument)
}

const attempt = z.object({
  attempt: z.number(),
  worker: z.string(),
  startedMs: z.number(),
  endedMs: z.number().exactOptional(),
  error: z.string().exactOptional(),
})

// written from a job and given back to the queue: what says whose it is must be there
const job = z
  .looseObject({ runId: z.string(), kind: z.enum(runKinds), flow: z.enum(flowNames), tenant: z.string() })
  .transform((fields) => fields as unknown as RunJob)

const names = {
  runId: z.string(),
  kind: z.enum(runKinds),
  flow: z.enum(flowNames),
  tenant: z.string(),
  mission: z.string(),
  scheduleId: z.string().exactOptional(),
  taskFlow: z.string().exactOptional(),
  state: z.enum(recordStates),
  worker: z.string(),
}

const summary = z.record(z.string(), z.unknown())

const runDocument = z
  .object({
    version: z.literal(version),
    ...names,
    nominalMs: z.number(),
    attempt: z.number(),
    startedMs: z.number(),
    endedMs: z.number().exactOptional(),
    enqueuedMs: z.number().exactOptional(),
    attempts: z.array(attempt).exactOptional(),
    error: z.object({ code: z.string(), message: z.string() }).exactOptional(),
    cancel: z.object({ actor: z.string(), reason: z.string(), atMs: z.number() }).exactOptional(),
    summary: summary.exactOptional(),
    job: job.exactOptional(),
  })
  .transform(({ version: _, ...record }): RunRecord => record)

/** A field for each, as the release before wrote them. */
const runFields = z.object({
  ...names,
  nominalMs: z.coerce.number(),
  attempt: z.coerce.number(),
  startedMs: z.coerce.number(),
  endedMs: z.coerce.number().exactOptional(),
  errorCode: z.string().exactOptional(),
  errorMessage: z.string().exactOptional(),
  summary: z.string().exactOptional(),
})

function decodeFields(fields: Readonly<Record<string, string>>): Decoded<RunRecord> {
  const parsed = runFields.safeParse(fields)
  if (!parsed.success) return { reason: issuesText(parsed.error) }
  const { errorCode, errorMessage = '', summary: json, ...record } = parsed.data
  const decoded = json === undefined ? undefined : decodeDocument(json, summary)
  if (decoded?.reason !== undefined) return { reason: `summary: ${decoded.reason}` }
  const error = errorCode !== undefined && { error: { code: errorCode, message: errorMessage } }
  return { document: { ...record, ...error, ...(decoded && { summary: decoded.document }) } }
}
