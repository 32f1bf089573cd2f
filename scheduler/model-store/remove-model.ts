import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError } from '../../models/errors.ts'
import type { InstalledModel } from './installed-models.ts'

/** Gone in one step, whatever happens then; a worker that has it loaded keeps it until it restarts. */
export function removeModel(dir: string, { id, revision, folder }: InstalledModel): void {
  const aside = join(dir, '.partial', `removed-${randomUUID()}`)
  try {
    mkdirSync(dirname(aside), { recursive: true })
    renameSync(folder, aside)
    rmSync(aside, { recursive: true, force: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new AppError('UNSUPPORTED', `${folder} cannot be removed (${code})`, { cause: error })
  }
  // `ORG/` and `ORG/NAME/` that hold nothing any more
  const parents = revision === undefined ? [] : [join(dir, id)]
  if (id.includes('/')) parents.push(dirname(join(dir, id)))
  for (const parent of parents) if (readdirSync(parent).length === 0) rmdirSync(parent)
}
