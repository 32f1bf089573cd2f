import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'run-tests-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const passing = "import { expect, test } from 'vitest'\n\ntest('a', () => expect(1).toBe(1))\n"
const failing = "import { expect, test } from 'vitest'\n\ntest('b', () => expect(1).toBe(2))\n"
const skipping = "import { test } from 'vitest'\n\ntest.skip('c', () => {})\n"

/** A package of its own with the given sources, run as `npm test` would. */
function runIn(name: string, sources: Record<string, string>, args: readonly string[] = []) {
  const root = join(folder, name.replaceAll(' ', '-'))
  mkdirSync(join(root, 'test'), { recursive: true })
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'))
  const files = {
    'package.json': '{ "type": "module" }\n',
    'biome.json':
      '{ "formatter": { "enabled": false }, "linter": { "rules": { "style": { "useConst": "error" } } } }\n',
    'tsconfig.json':
      '{ "compilerOptions": { "module": "NodeNext", "strict": true, "noEmit": true, "skipLibCheck": true, "types": [] }, "include": ["src"] }\n',
    'src/value.ts': 'export const value: number = 1\n',
    ...sources,
  }
  mkdirSync(join(root, 'src'))
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text)
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST')))
  const script = resolve('scripts/run-tests.mjs')
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    env: { ...env, NO_COLOR: '1' },
    encoding: 'utf8',
  })
  return { status, lastLine: stdout.trimEnd().split('\n').at(-1) }
}

test.each([
  {
    name: 'all well, one skipped',
    sources: { 'test/a.test.ts': passing, 'test/c.test.ts': skipping },
    status: 0,
    lastLine: '1 passed, 0 failed, 1 skipped',
  },
  {
    name: 'a failing test',
    sources: { 'test/a.test.ts': passing, 'test/b.test.ts': failing },
    status: 1,
    lastLine: '1 passed, 1 failed',
  },
  {
    name: 'a file that does not load',
    sources: { 'test/a.test.ts': passing, 'test/d.test.ts': "import '../src/absent.ts'\n" },
    status: 1,
    lastLine: '1 passed, 1 failed',
  },
  {
    name: 'a lint and a type error',
    sources: { 'test/a.test.ts': passing, 'src/value.ts': "let text: number = 'one'\nexport { text }\n" },
    status: 1,
    lastLine: '1 passed, 2 failed',
  },
  {
    name: 'an error outside of any test',
    sources: { 'test/a.test.ts': `${passing}setTimeout(() => {\n  throw new Error('late')\n}, 0)\n` },
    status: 1,
    lastLine: '1 passed, 1 failed',
  },
  { name: 'no test at all', sources: {}, status: 1, lastLine: '0 passed, 1 failed' },
])('$name ends with "$lastLine"', ({ name, sources, status, lastLine }) => {
  expect(runIn(name, sources)).toEqual({ status, lastLine })
})

test('arguments choose the tests', () => {
  const sources = { 'test/a.test.ts': passing, 'test/b.test.ts': failing }
  expect(runIn('chosen', sources, ['test/a'])).toEqual({ status: 0, lastLine: '1 passed, 0 failed' })
})
