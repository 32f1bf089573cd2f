import type { z } from 'zod'
import { toAppError } from '../../../models/errors.ts'
import type { Clock } from '../../process/clock.ts'
import { type Exported, parseExport } from './export-file.ts'
import type { StateDir } from './state-dir.ts'

/** Why one could not be restored. */
export interface RefillFailure {
  readonly source: string
  readonly message: string
}

export interface DocumentRefill<Saved> {
  readonly state: StateDir
  /** Folder that failures name: `calendars`. */
  readonly folder: string
  readonly savedState: z.ZodType<Saved>
  readonly clock: Clock
  /** Leaves what is there already. @throws what no longer fits */
  restore(tenant: string, exported: Exported<Saved>): Promise<void>
}

/** Exported documents into a Redis that has lost them. Resolves with what no longer fits. @throws REDIS_UNAVAILABLE */
export async function refillDocuments<Saved>(refill: DocumentRefill<Saved>): Promise<RefillFailure[]> {
  const { state, folder, savedState, clock, restore } = refill
  const failures: RefillFailure[] = []
  for (const tenant of await state.tenants()) {
    const source = `${folder}/${tenant}.yaml`
    const failed = failures.length
    for (const exported of parseExport(await state.read(tenant), { file: source, savedState })) {
      try {
        await restore(tenant, exported)
      } catch (error) {
        const { code, message } = toAppError(error)
        if (code === 'REDIS_UNAVAILABLE') throw error
        failures.push({ source, message })
      }
    }
    // the next export would leave them out
    if (failures.length > failed) await state.backUp(tenant, `${clock.now()}.bak`)
  }
  return failures
}
