import { mergePatchType } from './merge-patch.ts'
import type { Api } from './types.ts'

/** Reads bodies as Fastify does, with the forbidden keys of that, and says where one is no JSON. */
export function readJsonBodies(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser<string>(
    ['application/json', mergePatchType],
    { parseAs: 'string' },
    (request, body, done) => {
      void parse(request, body, (error, value) => {
        if (error && body !== '') error.message = whyNot(body)
        done(error, value)
      })
    },
  )
}

function whyNot(body: string): string {
  try {
    JSON.parse(body)
    return 'the body has a key __proto__, or constructor with prototype, which are refused'
  } catch (error) {
    const { message } = error as Error
    // newer engines count lines themselves
    const position = /at position (\d+)(?: \(line \d+ column \d+\))?/
    return `the body is no JSON: ${message.replace(position, (_, at: string) => placeOf(body, Number(at)))}`
  }
}

/** `at position 20` counts from 0 over all lines. */
function placeOf(body: string, at: number): string {
  const before = body.slice(0, at).split('\n')
  return `at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
