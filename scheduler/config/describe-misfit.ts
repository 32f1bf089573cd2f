import { z } from 'zod'
import { describeIssues, jsonPointer, type SchemaNode } from './zod-problems.ts'

/** A body can be wrong in a hundred thousand places; who mends these sees the next ones. */
const mostProblems = 50

export interface Misfit {
  /** Every problem with its JSON pointer. */
  readonly text: string
  readonly problems: readonly { readonly pointer: string; readonly detail: string }[]
}

/** What of a value does not fit a schema, in plain words. */
export function describeMisfit(schema: z.ZodType): (error: z.core.$ZodError, value: unknown) => Misfit {
  const tree = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode
  return (error, value) => {
    const findings = describeIssues(error, value, tree)
    const problems = findings.slice(0, mostProblems).map(({ path, detail }) => ({ pointer: jsonPointer(path), detail }))
    const texts = problems.map(({ pointer, detail }) => (pointer === '' ? detail : `${pointer}: ${detail}`))
    const rest = findings.length > mostProblems ? [`and ${findings.length - mostProblems} more`] : []
    return { text: [...texts, ...rest].join('; '), problems }
  }
}
