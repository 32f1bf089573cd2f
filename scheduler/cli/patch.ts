import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { apiClient, apiOptions } from './api-client.ts'
import { defineCommand, type Io, usageError } from './command.ts'

const answer = z.object({ outcome: z.string(), generation: z.number(), warnings: z.array(z.string()).default([]) })

const patchCommand = (noun: 'mission' | 'schedule', summary: string, example: string) =>
  defineCommand({
    name: `${noun} patch`,
    summary,
    details:
      'Fields are written as PATH=VALUE, as forecast.every=30m; a value is YAML, null removes the field. What is not named\nstays, also what somebody else changes meanwhile.',
    positionals: { name: 'ID [FIELD=VALUE...]', min: 1, max: 100 },
    options: {
      file: { type: 'string', short: 'f', value: 'FILE|-', help: 'the patch as YAML or JSON; - reads standard input' },
      ...apiOptions,
    },
    examples: [[`anomaly-times ${noun} patch ${example}`, 'one field set, one removed']],
    async run({ values, positionals: [id = '', ...fields] }, io) {
      if ((values.file === undefined) === (fields.length === 0))
        throw usageError(`${noun} patch`, 'say what to change: FIELD=VALUE or -f FILE')
      const body = values.file === undefined ? fieldsPatch(fields, `${noun} patch`) : await filePatch(values.file, io)
      const path = `/${noun}s/${encodeURIComponent(id)}`
      const patched = await apiClient(values, io.environment).call({ method: 'PATCH', path, body })
      const { outcome, generation, warnings } = answer.parse(patched)
      io.out(`${id} ${outcome}, generation ${generation}`)
      for (const warning of warnings) io.err(`warning: ${warning}`)
      return 0
    },
  })

export const missionPatch = patchCommand(
  'mission',
  'Change some fields of a mission.',
  'cpu forecast.every=30m notes=null',
)
export const schedulePatch = patchCommand(
  'schedule',
  'Change some fields of a schedule that no mission has.',
  'probe spec.every=5m owner=null',
)

type Patch = Record<string, unknown>

function fieldsPatch(fields: readonly string[], command: string): Patch {
  // without the members that every object has
  const patch: Patch = Object.create(null)
  for (const field of fields) {
    const [, path = '', value = ''] = /^([^=]+)=(.*)$/s.exec(field) ?? []
    if (path === '') throw usageError(command, `${field}: write FIELD=VALUE`)
    const names = path.split('.')
    const last = names.pop() ?? ''
    let members = patch
    for (const name of names) members = members[name] = Object(members[name] ?? {}) as Patch
    members[last] = yamlOf(value, field)
  }
  return patch
}

async function filePatch(file: string, io: Io): Promise<unknown> {
  return yamlOf(file === '-' ? await io.readStdin() : readFileSync(file, 'utf8'), file)
}

function yamlOf(text: string, origin: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new AppError('INVALID_PARAMS', `${origin}: ${(error as Error).message}`, { cause: error })
  }
}
