import { z } from 'zod'
import { missionDocument } from '../missions/document/document.ts'
import { type ApiClient, apiClient } from './api-client.ts'
import { type Applied, applyDocuments, applyOptions, atPointer, type DocumentKind, readWritten } from './apply.ts'
import { defineCommand, type Io, type OptionValues, usageError } from './command.ts'

const options = {
  ...applyOptions,
  owner: { type: 'string', value: 'OWNER', help: 'whose missions these are; missions of others are refused' },
  prune: { type: 'boolean', help: 'delete the missions of --owner that no document names' },
  'dry-run': { type: 'boolean', help: 'ask the API what would change, and change nothing' },
} as const

const applying = {
  name: 'mission apply',
  summary: 'Create or update missions from documents.',
  details:
    'Reads YAML (one or several documents), JSON or NDJSON. Every document is tried, whatever became of the others;\nthe exit code is 1 when one of them failed. Applying the same again changes nothing. apply is short for it.',
  options,
  examples: [
    ['anomaly-times apply -f missions/', 'everything in a folder'],
    [
      'anomaly-times apply -f missions/ --owner team-a --prune --dry-run',
      'what a deployment from Git would change, and delete',
    ],
    [`echo '{id: cpu, query: "rate(cpu[5m])"}' | anomaly-times mission apply -f -`, 'one from a pipe'],
    ['anomaly-times mission list -o yaml > backup.yaml', 'the way back: a list is input for apply'],
  ],
  async run({ values }: { readonly values: OptionValues<typeof options> }, io: Io) {
    if (values.prune && values.owner === undefined)
      throw usageError('mission apply', '--prune needs --owner: only the missions of one are pruned')
    const written = await readWritten('mission', values, io)
    const send = values.check ? undefined : sendTogether(apiClient(values, io.environment), values, io)
    // what one request does not hold cannot be compared with what is there
    const batch = values.prune ? written.length : 500
    return applyDocuments({ noun: 'mission', schema: missionDocument, batch, send }, written, { json: values.json, io })
  },
} as const

export const missionApply = defineCommand(applying)
export const apply = defineCommand({ ...applying, name: 'apply' })

// a newer server may know more outcomes than this client
const applyAnswer = z.object({
  notPruned: z.string().optional(),
  items: z.array(
    z.object({
      outcome: z.custom<Applied['outcome']>((value) => typeof value === 'string'),
      id: z.string(),
      errors: z.array(z.object({ detail: z.string(), pointer: z.string().default('') })).default([]),
      warnings: z.array(z.string()).default([]),
      changes: z.array(z.object({ pointer: z.string(), before: z.unknown(), after: z.unknown() })).default([]),
    }),
  ),
})

function sendTogether(
  client: ApiClient,
  values: OptionValues<typeof options>,
  io: Io,
): NonNullable<DocumentKind['send']> {
  const { owner, prune, 'dry-run': dryRun } = values
  return async (batch, isAllWell) => {
    const query = { owner, ...(prune && isAllWell && { prune: 'true' }), ...(dryRun && { dryRun: 'true' }) }
    const body = batch.map(({ document }) => document)
    const { items, notPruned } = applyAnswer.parse(
      await client.call({ method: 'POST', path: '/bulk/missions/apply', query, body }),
    )
    const refused = prune && !isAllWell ? 'some of the documents failed, and might be what would be pruned' : notPruned
    if (refused !== undefined) io.err(`nothing is pruned: ${refused}`)
    return items.map(({ outcome, id, errors, warnings, changes }, i) => ({
      ...{ outcome, id, origin: batch[i]?.origin ?? '' },
      errors: errors.map(({ pointer, detail }) => atPointer(pointer, detail)),
      warnings,
      ...(changes.length > 0 && { changes: changes.map(changeText) }),
    }))
  }
}

function changeText({ pointer, before, after }: { pointer: string; before?: unknown; after?: unknown }): string {
  const text = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
  return `${pointer}: ${text(before)} -> ${text(after)}`
}
