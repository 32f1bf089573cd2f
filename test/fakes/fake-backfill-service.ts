import { AppError } from '../../models/errors.ts'
import type { BackfillService } from '../../scheduler/backfills/service.ts'

/** Has none; backfills are tested over a real Redis. */
export function fakeBackfillService(): BackfillService {
  const unknown = async (): Promise<never> => {
    throw new AppError('NOT_FOUND', 'no backfills here')
  }
  return {
    list: async () => ({ backfills: [] }),
    ...{ create: unknown, measure: unknown, get: unknown },
    ...{ pause: unknown, resume: unknown, cancel: unknown, remove: unknown },
  }
}
