import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, toAppError } from '../../models/errors.ts'
import { type Manifest, readManifest } from './manifest.ts'
import type { ModelName } from './model-name.ts'

/** A model of the store: `ID/REVISION/` where we pulled it, `ID/` where somebody copied it. */
export interface InstalledModel {
  readonly id: string
  /** undefined for a copied folder. */
  readonly revision: string | undefined
  readonly folder: string
  readonly manifest: Manifest | undefined
  /** Its manifest cannot be read. */
  readonly damage: string | undefined
  /** The one that a name without revision means: pulled last. */
  readonly isCurrent: boolean
}

const revisionForm = /^[0-9a-f]{40,64}$/

/** In the order of their names, of each the current revision first. A store that is not there yet is empty. */
export function listInstalled(dir: string): InstalledModel[] {
  return subfolders(dir).flatMap((name) => {
    const here = installedAt(dir, name)
    return here.length > 0 ? here : subfolders(join(dir, name)).flatMap((below) => installedAt(dir, `${name}/${below}`))
  })
}

/** undefined when it is not installed. */
export function findInstalled(dir: string, { id, revision }: ModelName): InstalledModel | undefined {
  const models = installedAt(dir, id)
  if (revision === undefined) return models.find(({ isCurrent }) => isCurrent)
  return models.find((model) => isRevision(model, revision))
}

function isRevision({ revision = '', manifest }: InstalledModel, wanted: string): boolean {
  return manifest?.requested === wanted || (/^[0-9a-f]{7,64}$/.test(wanted) && revision.startsWith(wanted))
}

/** All revisions of one model. */
function installedAt(dir: string, id: string): InstalledModel[] {
  const folder = join(dir, id)
  const pulled = subfolders(folder)
    .filter((name) => revisionForm.test(name))
    .map((revision) => describe({ id, revision, folder: join(folder, revision) }))
    .sort((a, b) => pulledAt(b).localeCompare(pulledAt(a)))
  const copied = existsSync(join(folder, 'config.json')) ? [describe({ id, revision: undefined, folder })] : []
  return [...pulled, ...copied].map((model, i) => ({ ...model, isCurrent: i === 0 }))
}

function describe(place: Pick<InstalledModel, 'id' | 'revision' | 'folder'>): Omit<InstalledModel, 'isCurrent'> {
  try {
    return { ...place, manifest: readManifest(place.folder), damage: undefined }
  } catch (error) {
    return { ...place, manifest: undefined, damage: toAppError(error).message }
  }
}

const pulledAt = ({ manifest }: Pick<InstalledModel, 'manifest'>): string => manifest?.pulledAt ?? ''

/** Also behind links, as volumes have them; hidden ones are no models. None where there is no such folder. */
function subfolders(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
    return names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory()).sort()
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw new AppError('UNSUPPORTED', `${folder} cannot be read (${code})`, { cause: error })
  }
}
