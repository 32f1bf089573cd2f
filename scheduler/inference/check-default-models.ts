import { toAppError } from '../../models/errors.ts'
import type { Forecasters } from '../../tasks/deps.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../process/log.ts'

/**
 * A forecast worker whose default model does not fit is refused at its start; one that is missing may come, and the
 * fall-back forecasts until then.
 * @throws MODEL_TOO_LARGE with the sum.
 */
export function checkDefaultModels(forecasters: Forecasters, { model, fallback }: Config['defaults'], logger: Logger) {
  for (const name of new Set([model, fallback])) {
    try {
      forecasters.get(name)
    } catch (error) {
      const { code, message } = toAppError(error)
      if (code === 'MODEL_TOO_LARGE') throw error
      logger.warn({ model: name, code, error: message }, 'a default model cannot be had')
    }
  }
}
