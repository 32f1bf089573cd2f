import { toAppError } from '../../models/errors.ts'
import type { ApiClient } from './api-client.ts'
import type { Io } from './command.ts'

export interface Failure {
  readonly failure: string
}

/** Printed as it is. */
export interface Answer {
  readonly json: string
}

/** One line per id; 1 when one of them failed. */
export async function forEach(
  positionals: readonly string[],
  client: ApiClient,
  io: Io,
  act: (client: ApiClient, id: string) => Promise<string | Failure | Answer>,
): Promise<number> {
  let failed = 0
  for (const id of positionals) {
    try {
      const done = await act(client, id)
      if (typeof done === 'string') io.out(`${id}: ${done}`)
      else if ('json' in done) io.out(done.json)
      else {
        io.err(`${id}: ${done.failure}`)
        failed++
      }
    } catch (error) {
      const { code, message } = toAppError(error)
      if (code === 'API_UNAVAILABLE' || code === 'UNAUTHENTICATED') throw error
      io.err(`${id}: ${message}`)
      failed++
    }
  }
  return failed > 0 ? 1 : 0
}
