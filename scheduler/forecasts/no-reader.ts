import { AppError } from '../../models/errors.ts'
import type { SeriesReader } from '../../tasks/deps.ts'

/** For forecasts of series that came with the request. */
export const noReader: SeriesReader = {
  queryRange: () => Promise.reject(new AppError('INTERNAL', 'this forecast asks no store')),
}
