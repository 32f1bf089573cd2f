import { lstatSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { lastLines, run, SetupError, step } from './step.mjs'

/** Brings node_modules to the state of the lock file, by `npm ci`, only when they differ. */
export async function installDependencies(root) {
  if (await matchesLock(root)) return
  const folder = lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })
  // npm ci would empty the folder that somebody else works with
  if (folder?.isSymbolicLink()) {
    throw new SetupError(
      'node_modules is a link, and what it leads to does not fit package-lock.json: run npm ci there',
    )
  }
  await step('installing npm dependencies', async () => {
    const npm = process.env.npm_execpath
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
    const { ok, output } = npm
      ? await run(process.execPath, [npm, ...args], { cwd: root })
      : await run('npm', args, { cwd: root })
    if (!ok) throw new SetupError(`npm ci failed:\n${lastLines(output)}\n${npmAdvice(output)}`)
  })
}

/** npm leaves a copy of the lock file of what it installed: compared by version, it needs no trust in file times. */
async function matchesLock(root) {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map((path) => packages(join(root, path))),
  )
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || (optional && !installed[path]) || installed[path]?.version === version,
  )
}

async function packages(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

function npmAdvice(output) {
  if (/CERT|UNABLE_TO_VERIFY/.test(output)) {
    return 'Something on the way signs with a certificate that Node does not know: name its CA in NODE_EXTRA_CA_CERTS.'
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|E40[37]/.test(output)) {
    return 'The npm registry cannot be reached. Behind a proxy set HTTPS_PROXY, or name another registry: npm config set registry URL.'
  }
  return 'Once that is repaired, run the same command again.'
}
