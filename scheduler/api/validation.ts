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

/** Checks requests against zod schemas; everything that is wrong is named at once. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const tree = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  return (value: unknown) => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { value: parsed.data }
    const problems = describeIssues(parsed.error, value, tree).map(({ path, detail }) => ({
      pointer: jsonPointer(path),
      detail,
    }))
    const text = problems.map(({ pointer, detail }) => (pointer === '' ? detail : `${pointer}: ${detail}`)).join('; ')
    return {
      error: new AppError('INVALID_PARAMS', `${names[httpPart] ?? httpPart} does not fit: ${text}`, { problems }),
    }
  }
}
