import { expect, test } from 'vitest'
import { tidyDocument } from '../../../scheduler/api/tidy-document.ts'

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const operation = (request: object, answer: object) => ({
  requestBody: { required: true, content: { 'application/json': { schema: request } } },
  responses: { 200: { description: 'Default Response', content: { 'application/json': { schema: answer } } } },
})
const described = (request: object, answer: object, schemas: object) =>
  tidyDocument({ paths: { '/x': { post: operation(request, answer) } }, components: { schemas } })

test('a request and its answer share a schema that is the same, and what they do not use is left out', () => {
  const step = { type: 'string' }
  const document = described(ref('MissionInput'), ref('Mission'), {
    ...{ MissionInput: { properties: { step: ref('StepInput') } }, Mission: { properties: { step: ref('Step') } } },
    ...{ StepInput: step, Step: step, TickInput: {}, Tick: {} },
  })
  expect(document.components.schemas).toEqual({ Mission: { properties: { step: ref('Step') } }, Step: step })
  const { requestBody, responses } = document.paths['/x'].post
  expect(requestBody.content['application/json'].schema).toEqual(ref('Mission'))
  expect(responses[200].content['application/json'].schema).toEqual(ref('Mission'))
})

test('they keep two where those differ', () => {
  const schemas = { RunInput: { type: 'object' }, Run: { type: 'object', additionalProperties: false } }
  const document = described(ref('RunInput'), ref('Run'), schemas)
  expect(document.components.schemas).toEqual(schemas)
})

test('a body that may be null may be left out', () => {
  const body = { type: 'object', properties: {} }
  const { requestBody } = described({ anyOf: [body, { type: 'null' }] }, {}, {}).paths['/x'].post
  expect(requestBody).toEqual({ required: false, content: { 'application/json': { schema: body } } })
})

test('a body that may be one of two things is still required', () => {
  const either = { anyOf: [{ type: 'string' }, { type: 'number' }] }
  expect(described(either, {}, {}).paths['/x'].post.requestBody.required).toBe(true)
})

test('answers are called by their status where the route says nothing', () => {
  expect(described({}, {}, {}).paths['/x'].post.responses[200].description).toBe('OK')
})
