import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type CatalogOptions, openCatalog } from '../../../scheduler/model-store/model-catalog.ts'
import { folderSource } from '../../../scheduler/model-store/pull/folder-source.ts'
import { pullModel } from '../../../scheduler/model-store/pull/pull-model.ts'
import { boltFolder, chronos2Folder } from './store-stage.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'model-catalog-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const dir = join(root, 'models')

const pull = async (id: string, folder: string) => {
  const { signal } = new AbortController()
  const pulled = await pullModel({
    ...{ dir, id, signal, maxBytes: 1e9 },
    source: folderSource(folder),
    onEvent: () => {},
  })
  return pulled.model
}
const tiny = await pull('amazon/chronos-bolt-tiny', boltFolder)
cpSync(chronos2Folder, join(dir, 'mine'), { recursive: true })
cpSync(chronos2Folder, join(dir, 'acme', 'cpu'), { recursive: true })
mkdirSync(join(root, 'secret'))
symlinkSync(join(root, 'secret'), join(dir, 'way-out'))

const catalog = (options: Partial<CatalogOptions> = {}) =>
  openCatalog({ dir, allowed: undefined, folders: [], builtIn: ['seasonal-naive'], ...options })

test.each([
  ['chronos-bolt-tiny', tiny.folder],
  ['amazon/chronos-bolt-tiny', tiny.folder],
  [`amazon/chronos-bolt-tiny@${tiny.revision?.slice(0, 8)}`, tiny.folder],
  ['mine', join(dir, 'mine')],
  ['acme/cpu', join(dir, 'acme', 'cpu')],
])('%s is the folder of its current revision', (name, folder) => {
  expect(catalog().locate(name).folder).toBe(folder)
  expect(catalog().problem(name)).toBeUndefined()
})

test.each([
  ['seasonal-naive', false],
  ['chronos-bolt-tiny', false],
  ['amazon/chronos-bolt-tiny@0000000', false],
  ['chronos-bolt-base', false],
  ['mine', true],
  [chronos2Folder, true],
  ['chronos-2', undefined],
  ['./nowhere', undefined],
  ['../..', undefined],
])('whether %s takes covariates: %s', (name, takes) => {
  expect(catalog({ folders: undefined }).takesCovariates(name)).toBe(takes)
})

test('nothing is told of a folder that may not be named', () => {
  expect(catalog({ folders: [] }).takesCovariates(chronos2Folder)).toBeUndefined()
})

test('a folder that was copied under a short name goes before what the name is short for', () => {
  cpSync(chronos2Folder, join(dir, 'chronos-bolt-base'), { recursive: true })
  expect(catalog().locate('chronos-bolt-base').folder).toBe(join(dir, 'chronos-bolt-base'))
  rmSync(join(dir, 'chronos-bolt-base'), { recursive: true })
})

const there = 'there is seasonal-naive, acme/cpu, chronos-bolt-tiny, mine'

test('a folder that was written as a name is told apart, to whoever may name any folder', () => {
  const name = relative('.', chronos2Folder)
  expect(catalog({ folders: undefined }).problem(name)).toContain(`; that is a folder: write ./${name}; there is`)
  expect(catalog({ folders: [] }).problem(name)).not.toContain('folder')
})

test.each([
  ['chronos-2', `model "chronos-2" is not installed; ${there}; install it with: anomaly-times models pull chronos-2`],
  ['chronos-bolt-tinny', `model "chronos-bolt-tinny" is not installed; ${there}; did you mean "chronos-bolt-tiny"?`],
  ['seasonal-naiv', `model "seasonal-naiv" is not installed; ${there}; did you mean "seasonal-naive"?`],
  [
    'chronos-bolt-tiny@bbbbbbb',
    `model "chronos-bolt-tiny@bbbbbbb" is not installed; of it there is ${tiny.revision?.slice(0, 12)}; install it with: anomaly-times models pull chronos-bolt-tiny@bbbbbbb`,
  ],
])('%s is missing, and the message says what to do', (name, message) => {
  expect(catalog().problem(name)).toBe(message)
  expect(() => catalog().locate(name)).toThrowError(expect.objectContaining({ code: 'MODEL_MISSING', message }))
})

test('a store that is not there yet has nothing', () => {
  const empty = catalog({ dir: join(root, 'nowhere') })
  expect(empty.problem('chronos-2')).toMatch(/there is seasonal-naive; install it with/)
})

test.each(['../secret', '/etc', './mine', join(dir, '..', 'secret'), 'C:\\models'])(
  'without folders in the configuration no mission names the path %s',
  (path) => {
    expect(catalog().problem(path)).toMatch(/may not be used: missions may name no folder \(models.folders/)
    expect(() => catalog().locate(path)).toThrowError(expect.objectContaining({ code: 'MODEL_FORBIDDEN' }))
  },
)

test.each([
  { path: join(dir, 'mine'), isAllowed: true },
  { path: `${dir}/acme/../mine`, isAllowed: true },
  { path: `${dir}/../secret`, isAllowed: false },
  { path: `${dir}-other/mine`, isAllowed: false },
  { path: root, isAllowed: false },
])('of the paths within models.folders $path is allowed: $isAllowed', ({ path, isAllowed }) => {
  expect(catalog({ folders: [dir] }).problem(path) === undefined).toBe(isAllowed)
})

mkdirSync(join(root, 'no-weights'))
cpSync(join(chronos2Folder, 'config.json'), join(root, 'no-weights', 'config.json'))

test.each([
  { path: join(root, 'nowhere'), warning: 'there is no such folder' },
  { path: join(root, 'secret'), warning: 'config.json and model.safetensors are missing' },
  { path: join(root, 'no-weights'), warning: 'model.safetensors is missing' },
])('of a path that is no model here it is told that $warning', ({ path, warning }) => {
  const { problem, warning: warn } = catalog({ folders: [root] })
  expect(problem(path)).toBeUndefined()
  expect(warn(path)).toBe(`${path} is no model on this machine: ${warning}; workers need it to be one`)
  expect(catalog({ folders: [root], isElsewhere: true }).warning(path)).toBeUndefined()
})

test('a relative path is warned of by where it leads from here', () => {
  expect(catalog({ folders: undefined }).warning('./nowhere')).toContain(join(process.cwd(), 'nowhere'))
})

test.each(['seasonal-naive', 'chronos-bolt-tiny', join(dir, 'mine')])('nothing is amiss at %s', (name) => {
  expect(catalog({ folders: undefined }).warning(name)).toBeUndefined()
})

test('a link within an allowed folder leads nowhere else', () => {
  const linked = catalog({ folders: [dir] })
  expect(() => linked.locate(join(dir, 'way-out'))).toThrowError(
    expect.objectContaining({ code: 'MODEL_FORBIDDEN', message: expect.stringContaining(join(root, 'secret')) }),
  )
  expect(linked.locate(join(dir, 'mine')).folder).toBe(join(dir, 'mine'))
})

test('an allowed folder may itself be a link, as volumes are', () => {
  const volume = join(root, 'volume')
  symlinkSync(dir, volume)
  expect(catalog({ folders: [volume] }).locate(join(volume, 'mine')).folder).toBe(join(dir, 'mine'))
})

test.each([
  { allowed: ['chronos-bolt-tiny'], name: 'amazon/chronos-bolt-tiny', isAllowed: true },
  { allowed: ['amazon/*'], name: 'chronos-bolt-tiny', isAllowed: true },
  { allowed: ['amazon/*'], name: 'mine', isAllowed: false },
  { allowed: ['acme/*'], name: 'acme-evil/cpu', isAllowed: false },
  { allowed: [], name: 'mine', isAllowed: false },
  { allowed: [], name: 'seasonal-naive', isAllowed: true },
])('with models.allowed $allowed a mission may name $name: $isAllowed', ({ allowed, name, isAllowed }) => {
  const problem = catalog({ allowed }).problem(name)
  if (isAllowed) expect(problem).toBeUndefined()
  else expect(problem).toMatch(/may not be used: models.allowed/)
})

test('where models lie elsewhere, only the rules are checked', () => {
  const elsewhere = catalog({ dir: join(root, 'nowhere'), allowed: ['amazon/*'], isElsewhere: true })
  expect(elsewhere.problem('chronos-2')).toBeUndefined()
  expect(elsewhere.problem('mine')).toMatch(/may not be used/)
  expect(elsewhere.problem('no name')).toMatch(/is no name of a model/)
})
