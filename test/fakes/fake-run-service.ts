import { AppError } from '../../models/errors.ts'
import type { KnownRun, RunRecord } from '../../scheduler/queue/runs.ts'
import type { RunService } from '../../scheduler/runs/run-service.ts'

/** Runs of a list, which may grow meanwhile. */
export function fakeRunService(records: readonly RunRecord[]): RunService {
  const get: RunService['get'] = async ({ tenant, runId }): Promise<KnownRun> => {
    const found = records.find((run) => run.tenant === tenant && run.runId === runId)
    if (!found) throw new AppError('NOT_FOUND', `no record of a run "${runId}"`)
    return found
  }
  return {
    get,
    async logs(key) {
      const { startedMs = 0 } = await get(key)
      return [{ atMs: startedMs, level: 'info', text: 'attempt 1 begins' }]
    },
    cancel: async ({ actor, reason, ...key }) => ({
      ...(await get(key)),
      ...{ state: 'cancelled', cancel: { actor, reason, atMs: 0 } },
    }),
    retry: async (key) => ({ ...(await get(key)), state: 'retrying' }),
  }
}
