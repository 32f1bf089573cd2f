import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'setup-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const asRoot = process.getuid?.() === 0

/** A checkout with one source file, and a PATH on which only the given commands are found. */
function checkout(name: string, commands: Record<string, string> = {}) {
  const root = join(folder, name.replaceAll(' ', '-'))
  const bin = join(root, 'bin')
  mkdirSync(join(root, 'models'), { recursive: true })
  mkdirSync(bin)
  cpSync('scripts', join(root, 'scripts'), { recursive: true })
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(file, join(root, file))
  }
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'))
  writeFileSync(join(root, 'models/one.ts'), 'export const one = 1\n')
  writeFileSync(join(root, 'hello.mjs'), "console.log('hello ' + process.argv.slice(2))\n")
  const all = { node: `exec ${process.execPath} "$@"`, ...commands }
  for (const [command, text] of Object.entries(all)) {
    writeFileSync(join(bin, command), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, command), 0o755)
  }
  chmodSync(root, 0o755)
  return { root, bin, log: join(root, 'apt.log') }
}

function setUp({ root, bin }: { root: string; bin: string }, args: readonly string[], uid?: number) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/setup.mjs'), ...args], {
    env: { PATH: bin, BIN: bin, LOG: join(root, 'apt.log') },
    encoding: 'utf8',
    ...(uid === undefined ? {} : { uid }),
  })
  return { status, stdout, stderr }
}

const present = { 'redis-server': '', 'victoria-metrics': '', prometheus: '' }
/** Notes what it is asked for, and makes a command of every package but the ones called unknown. */
const aptGet = `echo "apt-get $*" >> "$LOG"
[ "$1" = install ] || exit 0
for word in "$@"; do case $word in
  redis-server | victoria-metrics) printf '#!/bin/sh\\n' > "$BIN/$word"; /bin/chmod 755 "$BIN/$word" ;;
  prometheus-node-exporter) exit 1 ;;
esac; done`

test('builds what is stale, runs the module with its arguments, and does nothing the second time', () => {
  const place = checkout('fresh', present)
  const args = ['test', '--run', 'hello.mjs', 'a', '--once']
  const first = setUp(place, args)
  expect(first).toMatchObject({ status: 0, stdout: 'hello a,--once\n' })
  expect(first.stderr).toContain('building')
  expect(existsSync(join(place.root, 'dist/models/one.js'))).toBe(true)

  const second = setUp(place, args)
  expect(second.stderr).toMatch(/^setup: ready in \d+\.\d s\n$/)

  rmSync(join(place.root, 'models/one.ts'))
  writeFileSync(join(place.root, 'models/two.ts'), 'export const two = 2\n')
  setUp(place, args)
  expect(existsSync(join(place.root, 'dist/models/one.js'))).toBe(false)
  expect(existsSync(join(place.root, 'dist/models/two.js'))).toBe(true)
})

test.runIf(asRoot)(
  'installs missing servers by apt without recommended packages, an absent optional one is no failure',
  () => {
    const place = checkout('apt', { 'apt-get': aptGet, 'apt-cache': 'exit 0' })
    const { status, stderr } = setUp(place, ['demo'])
    expect(stderr).toContain('prometheus-node-exporter could not be installed: going on without')
    expect(status).toBe(0)
    const install = 'apt-get install -y -q --no-install-recommends'
    const lines = readFileSync(place.log, 'utf8').trim().split('\n')
    expect(lines.slice(0, 2)).toEqual([
      `${install} redis-server victoria-metrics`,
      `${install} prometheus-node-exporter`,
    ])
  },
)

test.runIf(asRoot)('fetches the package lists only when a package is unknown', () => {
  const place = checkout('lists', {
    'apt-get': aptGet,
    'apt-cache': '[ "$2" != redis-server ]',
    'victoria-metrics': '',
  })
  setUp(place, ['bench'])
  expect(readFileSync(place.log, 'utf8')).toMatch(/^apt-get update -q\napt-get install .* redis-server\n$/)
})

test.runIf(asRoot)('a failed install says what apt said and what to do', () => {
  const failing = 'echo "E: Failed to fetch http://deb.example/redis  Could not resolve deb.example" >&2; exit 100'
  const { status, stderr } = setUp(checkout('offline', { 'apt-get': failing, 'apt-cache': '' }), ['demo'])
  expect(status).toBe(1)
  expect(stderr).toContain('Could not resolve deb.example')
  expect(stderr).toContain('http_proxy')
  expect(stderr).toContain('npm run demo -- --redis redis://HOST:PORT --store http://HOST:PORT')
})

test.runIf(asRoot)('without root and without a terminal it installs nothing and says how', () => {
  const place = checkout('no root', { 'apt-get': aptGet, sudo: 'exit 1' })
  chmodSync(folder, 0o755)
  const { status, stderr } = setUp(place, ['demo'], 65_534)
  expect(status).toBe(1)
  expect(stderr).toContain('sudo apt-get install --no-install-recommends redis-server victoria-metrics')
  expect(existsSync(place.log)).toBe(false)
})

test('a machine without apt or Homebrew is told the choices', () => {
  const { status, stderr } = setUp(checkout('other'), ['demo'])
  expect(status).toBe(1)
  expect(stderr).toContain('redis-server and victoria-metrics missing, and this machine has neither apt nor Homebrew')
})

test('servers that run already need no install', () => {
  const args = ['demo', '--run', 'hello.mjs', '--redis', 'redis://one:1', '--store=http://two:2']
  expect(setUp(checkout('given'), args)).toMatchObject({ status: 0 })
})

test('Homebrew has names of its own', () => {
  const brew = 'echo "brew $*" >> "$LOG"; exit 1'
  const place = checkout('brew', { brew, 'redis-server': '' })
  expect(setUp(place, ['demo']).status).toBe(1)
  expect(readFileSync(place.log, 'utf8')).toBe('brew install --quiet victoriametrics node_exporter\n')
})

test.each([
  {
    name: 'an old Node',
    file: 'package.json',
    text: '{ "engines": { "node": ">=99.1" } }',
    says: /Node \S+ is too old: this needs >=99.1/,
  },
  {
    name: 'a linked node_modules of another lock file',
    file: 'package-lock.json',
    text: '{ "packages": { "node_modules/absent": { "version": "1.0.0" } } }',
    says: /node_modules is a link/,
  },
  {
    name: 'a source that does not compile',
    file: 'models/one.ts',
    text: 'export const one: string = 1\n',
    says: /TS2322/,
  },
])('$name is told, and nothing runs', ({ name, file, text, says }) => {
  const place = checkout(name, present)
  writeFileSync(join(place.root, file), text)
  const { status, stdout, stderr } = setUp(place, ['test', '--run', 'hello.mjs'])
  expect(stderr).toMatch(says)
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
})

test('npm without a network says so, and what to do', () => {
  const npm = 'echo "npm error code ENOTFOUND" >&2; exit 1'
  const place = checkout('npm', { ...present, npm })
  rmSync(join(place.root, 'node_modules'))
  const { status, stderr } = setUp(place, ['test'])
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /npm ci failed:\nsetup: {3}npm error code ENOTFOUND\nsetup: The npm registry cannot be reached/,
  )
})
