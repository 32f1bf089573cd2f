import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeIssues, jsonPointer, type SchemaNode } from '../../../scheduler/config/zod-problems.ts'

const schema = z
  .strictObject({
    name: z.string(),
    size: z.enum(['small', 'large']).optional(),
    parts: z.array(z.strictObject({ count: z.number() })).optional(),
    rank: z.int().min(1, { error: 'begin at the first' }).max(9).optional(),
    pair: z.array(z.number().positive()).length(2).optional(),
    labels: z.record(z.string().regex(/^[a-z]+$/, { error: 'only letters' }), z.string()).optional(),
  })
  .meta({ id: 'ZodProblemsTest' })
const tree = z.toJSONSchema(schema, { io: 'input' }) as SchemaNode

test.each([
  { value: {}, findings: ['/name: is missing'] },
  { value: { name: 1 }, findings: ['/name: expected string, received number'] },
  { value: { name: 'a', size: 'big' }, findings: ['/size: expected one of "small"|"large"'] },
  { value: { name: 'a', nmae: 'b' }, findings: ['/nmae: no such field; did you mean "name"?'] },
  {
    value: { name: 'a', parts: [{ count: 1 }, { cuont: 2 }] },
    findings: ['/parts/1/count: is missing', '/parts/1/cuont: no such field; did you mean "count"?'],
  },
  { value: { name: 'a', labels: { 'a/1': 'x' } }, findings: ['/labels/a~11: not as a name: only letters'] },
  { value: { name: 'a', rank: 0 }, findings: ['/rank: begin at the first'] },
  {
    value: { name: 'a', rank: 10, pair: [1] },
    findings: ['/rank: must be at most 9', '/pair: number of values must be at least 2'],
  },
  { value: { name: 'a', pair: [0, 1] }, findings: ['/pair/0: must be above 0'] },
  { value: 'text', findings: [': expected object, received string'] },
])('$value is told: $findings', ({ value, findings }) => {
  const error = schema.safeParse(value).error
  if (!error) throw new Error('the value fits')
  expect(describeIssues(error, value, tree).map(({ path, detail }) => `${jsonPointer(path)}: ${detail}`)).toEqual(
    findings,
  )
})
