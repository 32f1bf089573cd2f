import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { lastLines, run, SetupError, step } from './step.mjs'

/** Builds dist unless it was built from exactly these sources. */
export async function buildDist(root) {
  const stampPath = join(root, 'dist', '.built-from')
  const stamp = await sourcesStamp(root)
  if ((await readFile(stampPath, 'utf8').catch(() => '')) === stamp) return
  await step('building', async () => {
    // built beside dist and then put in its place: no leftovers of deleted sources, no half a build
    const fresh = join(root, `dist-${process.pid}`)
    const tsc = join(root, 'node_modules', '.bin', 'tsc')
    const { ok, output } = await run(tsc, ['-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root })
    if (!ok) {
      await rm(fresh, { recursive: true, force: true })
      throw new SetupError(`the build failed:\n${lastLines(output)}`)
    }
    await writeFile(join(fresh, '.built-from'), stamp)
    await rm(join(root, 'dist'), { recursive: true, force: true })
    await rename(fresh, join(root, 'dist'))
  })
}

/** Changes with every path, size and time of a source, so also when a source is deleted. */
async function sourcesStamp(root) {
  const { include } = JSON.parse(await readFile(join(root, 'tsconfig.build.json'), 'utf8'))
  const folders = include.filter((folder) => existsSync(join(root, folder)))
  const listed = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(join(root, folder), { recursive: true })
      return names.filter((name) => /\.m?[jt]s$/.test(name)).map((name) => join(folder, name))
    }),
  )
  const paths = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', ...listed.flat().sort()]
  const hash = createHash('sha256')
  const stats = await Promise.all(paths.map((path) => stat(join(root, path))))
  for (const [i, path] of paths.entries()) hash.update(`${path} ${stats[i].size} ${stats[i].mtimeMs}\n`)
  return hash.digest('hex')
}
