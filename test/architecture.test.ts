import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { describe, expect, test } from 'vitest'

/** Bottom first: a file imports from its own layer or a lower one. */
const layers = ['models', 'tasks', 'flows', 'scheduler']

/** Who alone may touch what; everybody else takes it as an argument. */
const effects = [
  { what: 'HTTP', pattern: /from '(undici|node:(https?|net|tls))'/, allowed: /^(scheduler|tasks\/prometheus)\// },
  { what: 'Redis', pattern: /^import (?!type\b).* from '(ioredis|bullmq)'/m, allowed: /^(scheduler|tasks\/cache)\// },
  { what: 'the clock', pattern: /\bDate\.now\(|\bnew Date\(\)/, allowed: /^(scheduler|tasks\/(prometheus|cache))\// },
  { what: 'the environment', pattern: /\bprocess\.env\b/, allowed: /^scheduler\// },
]

const mostLines = { product: 300, test: 500 }

/** Folders whose inner files are tested through what they are for. */
const wholes: Readonly<Record<string, string>> = {
  'models/chronos': 'test/models/chronos/chronos2/pipeline.parity.test.ts',
  'tasks/cache': 'test/integration/forecast-cache.test.ts',
  'tasks/prometheus/query': 'test/tasks/prometheus/query/query-client.test.ts',
  'tasks/prometheus/write': 'test/integration/remote-write.test.ts',
  'scheduler/api': 'test/scheduler/api/resources.test.ts',
  'scheduler/backfills': 'test/integration/backfills.test.ts',
  'scheduler/cli/calendars': 'test/scheduler/cli/calendars/calendar-cli.test.ts',
  'scheduler/cli/backfills': 'test/integration/backfill-cli.test.ts',
  'scheduler/cli/forecast': 'test/scheduler/cli/forecast/forecast.test.ts',
  'scheduler/cli/models': 'test/scheduler/cli/models/models.test.ts',
  'scheduler/cli/schedules': 'test/integration/schedule-cli.test.ts',
  'scheduler/config': 'test/scheduler/config.test.ts',
  'scheduler/demo': 'test/integration/demo.test.ts',
  'scheduler/forecasts': 'test/integration/forecasts.test.ts',
  'scheduler/missions': 'test/integration/mission-service.test.ts',
  'scheduler/stack': 'test/integration/stack.test.ts',
  'scheduler/model-store': 'test/scheduler/model-store/model-catalog.test.ts',
  'scheduler/store': 'test/integration/mission-store.test.ts',
}

/** Tested by nobody who names them; only to be made shorter. */
const untested: readonly string[] = [
  'flows/flow.ts',
  'scheduler/cli/signals.ts',
  'scheduler/datasources/check-datasource.ts',
  'scheduler/execution/execution-deps.ts',
  'scheduler/execution/flow-deps.ts',
  'tasks/publish/publish-band.ts',
]

/** Text by path from the root of the repository. */
type Sources = ReadonlyMap<string, string>

const product = readSources(layers)
const tests = readSources(['test'])

function readSources(folders: readonly string[]): Sources {
  const root = new URL('..', import.meta.url).pathname
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, path)),
  )
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** What a file imports of ours: type-only imports, re-exports and dynamic imports included. */
function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)
  return [...found].map(([, target]) => join(dirname(path), target as string))
}

function backEdges(sources: Sources): string[] {
  const height = (path: string) => layers.indexOf(path.split('/')[0] ?? '')
  return [...sources].flatMap(([path, text]) =>
    importsOf(path, text)
      .filter((target) => height(target) > height(path) || height(target) < 0)
      .map((target) => `${path} imports ${target}`),
  )
}

/** One cycle as `a -> b -> a`, or undefined. */
function findCycle(sources: Sources): string | undefined {
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(' -> ')
    if (done.has(path)) return undefined
    for (const target of importsOf(path, sources.get(path) ?? '')) {
      const cycle = visit(target, [...trail, path])
      if (cycle) return cycle
    }
    done.add(path)
    return undefined
  }
  for (const path of sources.keys()) {
    const cycle = visit(path, [])
    if (cycle) return cycle
  }
  return undefined
}

function tooLong(sources: Sources, most: number): string[] {
  const linesOf = (text: string) => text.trimEnd().split('\n').length
  return [...sources]
    .filter(([, text]) => linesOf(text) > most)
    .map(([path, text]) => `${path}: ${linesOf(text)} lines`)
}

/** `test/tasks/foo.test.ts` and `test/tasks/foo.errors.test.ts` test `tasks/foo.ts`. */
function testedPath(path: string): string {
  return path.replace(/^test\//, '').replace(/(\.[\w-]+)?\.test\.ts$/, '.ts')
}

/** The edge is also tested through a whole folder, as the API is by its routes. */
function isMirror(path: string, sources: Sources): boolean {
  const tested = testedPath(path)
  const isWhole =
    tested.startsWith('scheduler/') && [...sources.keys()].some((file) => dirname(file) === dirname(tested))
  return sources.has(tested) || isWhole
}

/** Files with a function of their own that no test mirrors, imports or stands for. */
function unmirrored(sources: Sources, testSources: Sources): string[] {
  const imported = new Set([...testSources].flatMap(([path, text]) => importsOf(path, text)))
  const mirrored = new Set([...testSources.keys()].map(testedPath))
  const isInside = (path: string) =>
    Object.entries(wholes).some(([folder, by]) => path.startsWith(`${folder}/`) && testSources.has(by))
  return [...sources]
    .filter(([, text]) => /^export (async )?(function|class)\b|^export const \w+ = (async )?\(/m.test(text))
    .map(([path]) => path)
    .filter((path) => !mirrored.has(path) && !imported.has(path) && !isInside(path))
}

describe('the tree', () => {
  test('has no import that goes up', () => {
    expect(product.size).toBeGreaterThan(0)
    expect(backEdges(product)).toEqual([])
  })

  test('has no cycle between files', () => {
    expect(findCycle(product)).toBeUndefined()
  })

  test.each(effects)('touches $what where it may', ({ pattern, allowed }) => {
    const touching = [...product].filter(([, text]) => pattern.test(text)).map(([path]) => path)
    expect(touching.filter((path) => !allowed.test(path))).toEqual([])
  })

  test('has no file that is too long', () => {
    expect(tooLong(product, mostLines.product)).toEqual([])
    expect(tooLong(tests, mostLines.test)).toEqual([])
  })

  test('is mirrored by its tests', () => {
    const mirrored = new RegExp(`^test/(${layers.join('|')})/.*\\.test\\.ts$`)
    const stray = [...tests.keys()].filter((path) => mirrored.test(path) && !isMirror(path, product))
    expect(stray).toEqual([])
    expect(unmirrored(product, tests).sort()).toEqual(untested)
  })
})

describe('the rules above', () => {
  test.each([
    "import type { A } from '../flows/a.ts'",
    "import {\n  a,\n} from '../flows/a.ts'",
    "export { a } from '../flows/a.ts'",
    "import '../flows/a.ts'",
    "const a = await import('../flows/a.ts')",
    "import { a } from '../test/a.ts'",
  ])('see the back-edge in %j', (text) => {
    expect(backEdges(new Map([['tasks/b.ts', text]]))).toHaveLength(1)
  })

  test('see a cycle, also of types', () => {
    const sources = new Map([
      ['models/a.ts', "import { b } from './b.ts'"],
      ['models/b.ts', "import type { C } from './deep/c.ts'"],
      ['models/deep/c.ts', "import { a } from '../a.ts'"],
    ])
    expect(findCycle(sources)).toBe('models/a.ts -> models/b.ts -> models/deep/c.ts -> models/a.ts')
    sources.delete('models/b.ts')
    expect(findCycle(sources)).toBeUndefined()
  })

  test('count lines', () => {
    expect(tooLong(new Map([['models/a.ts', '\n'.repeat(300).concat('x')]]), 300)).toEqual(['models/a.ts: 301 lines'])
  })

  test.each([
    ['test/tasks/foo.test.ts', true],
    ['test/tasks/foo.errors.test.ts', true],
    ['test/tasks/bar.test.ts', false],
    ['test/scheduler/api/routes.test.ts', true],
    ['test/scheduler/routes.test.ts', false],
  ])('whether %s tests something: %s', (path, expected) => {
    expect(isMirror(path, new Map(['tasks/foo.ts', 'scheduler/api/a.ts'].map((file) => [file, ''])))).toBe(expected)
  })
})
