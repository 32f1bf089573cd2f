import type { FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { describeIssues, jsonPointer, type SchemaNode } from '../config/zod-problems.ts'

const names: Readonly<Record<string, string>> = {
  body: 'the body',
  querystring: 'the query string',
  params: 'the path',
  headers: 'the headers',
}

/** A body can be wrong in a hundred thousand places; who mends these sees the next ones. */
const mostProblems = 50

/** Checks requests against zod schemas; what is wrong is named at once. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const tree = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  return (value: unknown) => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { value: parsed.data }
    const findings = describeIssues(parsed.error, value, tree)
    const problems = findings.slice(0, mostProblems).map(({ path, detail }) => ({ pointer: jsonPointer(path), detail }))
    const texts = problems.map(({ pointer, detail }) => (pointer === '' ? detail : `${pointer}: ${detail}`))
    const rest = findings.length > mostProblems ? [`and ${findings.length - mostProblems} more`] : []
    const text = [...texts, ...rest].join('; ')
    return {
      error: new AppError('INVALID_PARAMS', `${names[httpPart] ?? httpPart} does not fit: ${text}`, { problems }),
    }
  }
}
