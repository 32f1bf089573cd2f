import { copyFile, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

const missionFile = /\.(?:ya?ml|json)$/

/** Where documents of all tenants are kept beside Redis: `installation` and `missions/<tenant>.yaml`, or schedules, or calendars. */
export interface StateDir {
  installation(): Promise<string | undefined>
  setInstallation(id: string): Promise<void>
  tenants(): Promise<string[]>
  read(tenant: string): Promise<string>
  write(tenant: string, text: string): Promise<void>
  remove(tenant: string): Promise<void>
  /** Keeps a copy of a tenant's file that the next export must not lose. */
  backUp(tenant: string, suffix: string): Promise<string>
}

export function openStateDir(dir: string, what: 'missions' | 'schedules' | 'calendars' = 'missions'): StateDir {
  const folder = join(dir, what)
  const pathOf = (tenant: string) => join(folder, `${tenant}.yaml`)
  return {
    installation: async () => (await readIfThere(join(dir, 'installation')))?.trim(),
    async setInstallation(id) {
      await mkdir(dir, { recursive: true })
      await replaceFile(join(dir, 'installation'), `${id}\n`)
    },
    tenants: async () =>
      (await namesIn(folder)).filter((name) => name.endsWith('.yaml')).map((name) => name.slice(0, -'.yaml'.length)),
    read: (tenant) => readFile(pathOf(tenant), 'utf8'),
    async write(tenant, text) {
      await mkdir(folder, { recursive: true })
      await replaceFile(pathOf(tenant), text)
    },
    remove: (tenant) => rm(pathOf(tenant), { force: true }),
    async backUp(tenant, suffix) {
      const copy = `${pathOf(tenant)}.${suffix}`
      await copyFile(pathOf(tenant), copy)
      return copy
    },
  }
}

/** YAML and JSON files of a folder, by name; none when there is no folder. */
export async function readMissionsDir(dir: string): Promise<{ file: string; text: string }[]> {
  const names = (await namesIn(dir)).filter((name) => missionFile.test(name)).sort()
  return Promise.all(
    names.map(async (name) => ({ file: join(dir, name), text: await readFile(join(dir, name), 'utf8') })),
  )
}

/** Readers see the old text or the new one, whatever stops us. */
async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}.new`
  const file = await open(next, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(next, path)
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
