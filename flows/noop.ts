import { z } from 'zod'
import { defineFlow } from './flow.ts'

/** Shows that ticks become runs: of a new installation, and in benches of the scheduler. */
export const noop = defineFlow({
  name: 'noop',
  description: 'Does nothing: shows that ticks become runs',
  params: z.strictObject({}),
  run: async () => ({}),
})
