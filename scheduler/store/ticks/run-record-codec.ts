import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { z } from 'zod'
import { flowNames, type RunJob, type RunRecord, recordStates, runKinds } from '../../queue/runs.ts'
import { type Decoded, decodeDocument, issuesText } from '../stored-document.ts'

const version = 1
// a magic and a version before every stored form
const packedMagic = Buffer.from('ATR1')
const mostBytes = 2 ** 24

/**
 * Deflate refers to it for what most records say: measured, 711 bytes of JSON become 168. What is packed can be read
 * with this text only, so another one needs another magic.
 */
const dictionary = Buffer.from(
  '"error":{"code":"STORE_UNAVAILABLE","message":"RUN_TIMEOUT","cancel":{"actor":"anonymous","reason":"","atMs":' +
    '"job":{"bandKey":"","task":{"params":{"timeoutMs":900000,"scheduleId":"","taskFlow":"forecast-once","kind":"backfill",' +
    '"kind":"trigger","flow":"detect","state":"failed","state":"cancelled",".detect","summary":{"read":,"scored":,"states":' +
    '{"ok":,"learning":0,"no_data":0,"lost":0,"no_forecast":0,"stale_forecast":0,"gated":0,"out_of_range":0,"masked":0,' +
    '"skipped":0},"missionScore":,"anomalous":0,"requests":[],"newSeries":0,"samplesDropped":0,"seconds":{"read":0.0,"band":' +
    '0.0,"score":0.0,"write":0.0}},{"version":1,"runId":"r.default..forecast.179","kind":"tick","flow":"forecast","tenant":' +
    '"default","mission":"","nominalMs":179,"enqueuedMs":179,"state":"succeeded","attempt":1,"worker":".forecast",' +
    '"startedMs":179,"summary":{"read":,"forecast":,"model":"auto","skipped":0,"samplesWritten":,"samplesDropped":0,' +
    '"publishedSteps":{"fromMs":179,"untilMs":179},"seconds":{"read":0.0,"forecast":0.0,"keep":0.0,"write":0.0}},' +
    '"endedMs":179,"attempts":[{"attempt":1,"worker":".forecast","startedMs":179,"endedMs":179}]}',
)

// enough for the dictionary and a record; measured, the default takes twice the time
const windowBits = 12

/** One field for all of it: measured, a hash with a field for each takes a kilobyte more. */
export function encodeRun(record: RunRecord): { readonly packed: Buffer } {
  const json = JSON.stringify({ version, ...record }, shortFraction)
  return { packed: Buffer.concat([packedMagic, deflateRawSync(json, { dictionary, windowBits })]) }
}

/** Six digits of a duration are enough, and more do not pack. */
const shortFraction = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value

/** Also what the releases before wrote: a field of JSON, or a field for each. */
export function decodeRun({ packed, doc, ...fields }: Readonly<Record<string, Buffer>>): Decoded<RunRecord> {
  if (packed !== undefined) return decodePacked(packed)
  if (doc !== undefined) return decodeDocument(doc.toString(), runDocument)
  return decodeFields(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.toString()])))
}

function decodePacked(packed: Buffer): Decoded<RunRecord> {
  if (!packed.subarray(0, packedMagic.length).equals(packedMagic)) return { reason: 'packed by another release' }
  try {
    const json = inflateRawSync(packed.subarray(packedMagic.length), { dictionary, maxOutputLength: mostBytes })
    return decodeDocument(json.toString(), runDocument)
  } catch (error) {
    return { reason: `cannot be unpacked: ${(error as Error).message}` }
  }
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

/** A field for each. */
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
