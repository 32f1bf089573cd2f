import { expect, test } from 'vitest'
import { z } from 'zod'
import { decodeDocument } from '../../../scheduler/store/stored-document.ts'

const schema = z.object({ version: z.literal(1), spec: z.object({ everyMs: z.int() }) })

test.each([
  { json: '{"version":1,"spec":{"everyMs":5}}', decoded: { document: { version: 1, spec: { everyMs: 5 } } } },
  { json: '{"version":1,', decoded: { reason: expect.stringMatching(/^no JSON: /) } },
  { json: '', decoded: { reason: expect.stringMatching(/^no JSON: /) } },
  { json: 'null', decoded: { reason: expect.stringMatching(/expected object/) } },
  { json: '{"version":2,"spec":{}}', decoded: { reason: expect.stringMatching(/^version: .*; spec\.everyMs: /) } },
])('$json', ({ json, decoded }) => {
  expect(decodeDocument(json, schema)).toEqual(decoded)
})
