// Makes a bare checkout ready for one npm script and then runs it:
//   node scripts/setup.mjs demo|up|test|bench [--run MODULE ARGS...]
// Installs npm dependencies and servers and builds dist, each only where it is missing or stale. Plain JavaScript without
// dependencies, since nothing is installed yet when it starts. Says what it does on stderr; stdout belongs to MODULE.
import { realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildDist } from './setup/build.mjs'
import { installDependencies } from './setup/dependencies.mjs'
import { installServers } from './setup/servers.mjs'
import { SetupError, say, seconds } from './setup/step.mjs'

/** What each npm script needs beyond npm packages and dist; `--redis URL` and `--store URL` name servers that run already. */
const serversFor = {
  demo: { redis: ['redis-server'], store: ['victoria-metrics'], optional: ['prometheus-node-exporter'] },
  up: { redis: ['redis-server'], store: ['victoria-metrics'], optional: ['prometheus-node-exporter'] },
  bench: { redis: ['redis-server'], store: ['victoria-metrics'], optional: [] },
  test: { redis: ['redis-server'], store: ['victoria-metrics', 'prometheus'], optional: [] },
}

async function setUp(target, args, root) {
  const startedMs = Date.now()
  const needs = serversFor[target]
  if (!needs) throw new SetupError(`unknown command "${target}": use ${Object.keys(serversFor).join(', ')}`)
  await checkNode(root)
  const given = (flag) => args.some((arg) => arg === flag || arg.startsWith(`${flag}=`))
  await installDependencies(root)
  await installServers({
    target,
    required: [...(given('--redis') ? [] : needs.redis), ...(given('--store') ? [] : needs.store)],
    optional: needs.optional,
  })
  await buildDist(root)
  say(`ready in ${seconds(startedMs)}`)
}

async function checkNode(root) {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const numbers = (version) => version.match(/\d+/g).map(Number)
  const [major, minor = 0] = numbers(engines.node)
  const [ownMajor, ownMinor] = numbers(process.versions.node)
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return
  throw new SetupError(`Node ${process.versions.node} is too old: this needs ${engines.node} (https://nodejs.org)`)
}

async function main() {
  const root = realpathSync(resolve(fileURLToPath(import.meta.url), '../..'))
  const [target, ...rest] = process.argv.slice(2)
  const runAt = rest.indexOf('--run')
  const [module, ...args] = runAt < 0 ? [] : rest.slice(runAt + 1)
  try {
    await setUp(target, args, root)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(error.message)
    process.exitCode = 1
    return
  }
  if (!module) return
  // in this process, so that a Ctrl-C or a kill reaches the command itself
  const path = join(root, module)
  process.argv.splice(1, process.argv.length, path, ...args)
  await import(pathToFileURL(path).href)
}

await main()
