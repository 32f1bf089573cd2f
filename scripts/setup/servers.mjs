import process from 'node:process'
import { createInterface } from 'node:readline/promises'
import { find, lastLines, run, SetupError, say, step } from './step.mjs'

const formulas = {
  'redis-server': 'redis',
  'victoria-metrics': 'victoriametrics',
  prometheus: 'prometheus',
  'prometheus-node-exporter': 'node_exporter',
}

/** Installs the servers that are missing, by the package manager of this machine; optional ones only along with others. */
export async function installServers({ target, required, optional }) {
  const missing = required.filter((name) => !find(name))
  if (missing.length === 0) return
  const extra = optional.filter((name) => !find(name))
  if (find('apt-get')) return installByApt(target, missing, extra)
  if (find('brew')) return installByBrew(target, missing, extra)
  throw new SetupError(
    `${missing.join(' and ')} missing, and this machine has neither apt nor Homebrew.\n${choices(target, missing)}`,
  )
}

async function installByApt(target, missing, extra) {
  const asRoot = process.getuid?.() === 0 ? [] : await askForSudo(target, missing)
  await step(`installing ${missing.join(', ')} by apt-get`, async () => {
    const { ok, output } = await apt(asRoot, missing)
    if (!ok)
      throw new SetupError(`apt-get failed:\n${lastLines(output)}\n${aptAdvice(output)}\n${choices(target, missing)}`)
    if (extra.length > 0 && !(await apt(asRoot, extra)).ok)
      say(`${extra.join(', ')} could not be installed: going on without`)
  })
  checkFound(target, missing)
}

/**
 * Package scripts would start their service and enable it for the next boot; ours run on ports of their own, so neither
 * may happen. The lists of packages are fetched only where they do not know a package or know a version that is gone.
 */
const aptScript = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y -q --no-install-recommends "$@"; }
apt-cache show "$@" > /dev/null 2>&1 || { apt-get update -q; updated=yes; }
install "$@" || { [ -z "$updated" ] && apt-get update -q && install "$@"; } || exit 1
if [ -d /run/systemd/system ]; then systemctl disable --quiet "$@" || true; fi
`

function apt(asRoot, packages) {
  const [command, ...args] = [...asRoot, '/bin/sh', '-c', aptScript, 'install', ...packages]
  return run(command, args)
}

async function askForSudo(target, missing) {
  const sudo = find('sudo')
  const command = `sudo apt-get install --no-install-recommends ${missing.join(' ')}`
  if (!sudo || !process.stdin.isTTY) {
    throw new SetupError(
      `${missing.join(' and ')} missing. Installing needs root: ${command}\n${choices(target, missing)}`,
    )
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`setup: ${missing.join(' and ')} missing. May I run "${command}"? [y/N] `)
  terminal.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new SetupError(choices(target, missing))
  return [sudo]
}

async function installByBrew(target, missing, extra) {
  const packages = [...missing, ...extra].map((name) => formulas[name])
  await step(`installing ${packages.join(', ')} by Homebrew`, async () => {
    const { ok, output } = await run('brew', ['install', '--quiet', ...packages], {
      env: { HOMEBREW_NO_ENV_HINTS: '1' },
    })
    if (!ok) throw new SetupError(`brew failed:\n${lastLines(output)}\n${choices(target, missing)}`)
  })
  checkFound(target, missing)
}

function checkFound(target, names) {
  const absent = names.filter((name) => !find(name))
  if (absent.length > 0)
    throw new SetupError(`${absent.join(', ')} installed, but no such command is found.\n${choices(target, absent)}`)
}

function aptAdvice(output) {
  if (/Could not resolve|Could not connect|Failed to fetch|Temporary failure|Unable to locate/.test(output)) {
    return 'The package servers cannot be reached, or do not have it. Behind a proxy set http_proxy (sudo may drop it: -E).'
  }
  if (/Could not get lock|Unable to acquire/.test(output))
    return 'Another package manager is at work: try again when it is done.'
  return 'Once that is repaired, run the same command again.'
}

function choices(target, missing) {
  const lines = [`Install ${missing.join(', ')} so that the command is on the PATH`]
  if (target === 'demo' || target === 'up') {
    lines.push(
      `or use servers that run already: npm run ${target} -- --redis redis://HOST:PORT --store http://HOST:PORT`,
    )
  }
  return `${lines.join(',\n')}.`
}
