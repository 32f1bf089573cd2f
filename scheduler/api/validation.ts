import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { AppError } from '../../models/errors.ts'
import { describeMisfit } from '../config/describe-misfit.ts'

const names: Readonly<Record<string, string>> = {
  body: 'the body',
  querystring: 'the query string',
  params: 'the path',
  headers: 'the headers',
}

/** Checks requests against zod schemas; what is wrong is named at once. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const describe = describeMisfit(schema)
  return (value: unknown) => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return { value: parsed.data }
    const { text, problems } = describe(parsed.error, value)
    return {
      error: new AppError('INVALID_PARAMS', `${names[httpPart] ?? httpPart} does not fit: ${text}`, { problems }),
    }
  }
}
