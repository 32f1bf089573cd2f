import type { z } from 'zod'

/** Every problem in one line: `d_model: expected number; chronos_config.quantiles: ...`. */
export function zodSentence(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ')
}
