import { z } from 'zod'
import { flowNames, type RunJob, type RunRecord, recordStates, runKinds } from '../../queue/runs.ts'
import { type Decoded, decodeDocument, issuesText } from '../stored-document.ts'

/** Fields of the record's hash. */
export function encodeRun({ error, summary, attempts, cancel, job, ...plain }: RunRecord) {
  return {
    ...plain,
    ...(error && { errorCode: error.code, errorMessage: error.message }),
    ...(summary && { summary: JSON.stringify(summary) }),
    ...(attempts && { attempts: JSON.stringify(attempts) }),
    ...(cancel && { cancel: JSON.stringify(cancel) }),
    ...(job && { job: JSON.stringify(job) }),
  }
}

export function decodeRun(fields: Readonly<Record<string, string>>): Decoded<RunRecord> {
  const parsed = runFields.safeParse(fields)
  if (!parsed.success) return { reason: issuesText(parsed.error) }
  const { errorCode, errorMessage = '', ...record } = parsed.data
  return {
    document: { ...record, ...(errorCode !== undefined && { error: { code: errorCode, message: errorMessage } }) },
  }
}

/** A field that holds JSON. */
const json = <Schema extends z.ZodType>(schema: Schema) =>
  z.string().transform((text, check): z.output<Schema> => {
    const { document, reason } = decodeDocument(text, schema)
    if (reason === undefined) return document
    check.addIssue({ code: 'custom', message: reason })
    return z.NEVER
  })

const optionalNumber = z.coerce.number().exactOptional()

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

const runFields = z.object({
  runId: z.string(),
  kind: z.enum(runKinds),
  flow: z.enum(flowNames),
  tenant: z.string(),
  mission: z.string(),
  scheduleId: z.string().exactOptional(),
  taskFlow: z.string().exactOptional(),
  nominalMs: z.coerce.number(),
  state: z.enum(recordStates),
  attempt: z.coerce.number(),
  worker: z.string(),
  startedMs: z.coerce.number(),
  endedMs: optionalNumber,
  errorCode: z.string().exactOptional(),
  errorMessage: z.string().exactOptional(),
  summary: json(z.record(z.string(), z.unknown())).exactOptional(),
  // from here on: what records of earlier releases lack
  enqueuedMs: optionalNumber,
  attempts: json(z.array(attempt)).exactOptional(),
  cancel: json(z.object({ actor: z.string(), reason: z.string(), atMs: z.number() })).exactOptional(),
  job: json(job).exactOptional(),
})
