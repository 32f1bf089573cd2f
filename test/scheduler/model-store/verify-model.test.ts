import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findInstalled, type InstalledModel } from '../../../scheduler/model-store/installed-models.ts'
import { manifestName } from '../../../scheduler/model-store/manifest.ts'
import { removeModel } from '../../../scheduler/model-store/remove-model.ts'
import { verifyModel } from '../../../scheduler/model-store/verify-model.ts'
import { boltFolder, storeStage, tinyModel } from './store-stage.ts'

const weightsOf = ({ folder }: InstalledModel) => join(folder, 'model.safetensors')

test('a model is sound as long as its bytes are', async () => {
  await using stage = await storeStage()
  const { model } = await stage.pull()
  expect(await verifyModel(model)).toEqual({ problems: [], hasChecksums: true })
  const bytes = readFileSync(weightsOf(model))
  bytes[400_000] = (bytes[400_000] ?? 0) ^ 1
  writeFileSync(weightsOf(model), bytes)
  expect(await verifyModel(model)).toMatchObject({ problems: [`${weightsOf(model)} is not what was pulled`] })
})

test.each([
  { what: 'shorter', spoil: (path: string) => truncateSync(path, 100), says: /has 100 bytes, 576952 were pulled/ },
  { what: 'gone', spoil: (path: string) => rmSync(path), says: /is missing/ },
])('weights that are $what are named', async ({ spoil, says }) => {
  await using stage = await storeStage()
  const { model } = await stage.pull()
  spoil(weightsOf(model))
  expect((await verifyModel(model)).problems).toEqual([expect.stringMatching(says)])
})

test('an unreadable record is damage of its model alone', async () => {
  await using stage = await storeStage()
  const { model } = await stage.pull()
  writeFileSync(join(model.folder, manifestName), '{"version": 1')
  const found = findInstalled(stage.dir, { id: tinyModel.id })
  expect(found).toMatchObject({ damage: expect.stringMatching(/anomaly-times.json cannot be read/) })
  expect(found && (await verifyModel(found)).problems).toHaveLength(1)
  expect((await stage.pull()).outcome).toBe('installed')
})

test('of a copied folder only the headers can be checked', async () => {
  await using stage = await storeStage()
  cpSync(boltFolder, join(stage.dir, 'mine'), { recursive: true })
  const model = findInstalled(stage.dir, { id: 'mine' })
  if (!model) throw new Error('not found')
  expect(await verifyModel(model)).toEqual({ problems: [], hasChecksums: false })
  truncateSync(weightsOf(model), 300_000)
  expect((await verifyModel(model)).problems).toEqual([expect.stringMatching(/model.safetensors: tensor/)])
})

test('what is removed leaves nothing', async () => {
  await using stage = await storeStage()
  const { model } = await stage.pull()
  removeModel(stage.dir, model)
  expect(findInstalled(stage.dir, { id: tinyModel.id })).toBeUndefined()
  expect(readdirSync(stage.dir)).toEqual(['.partial'])
  expect(readdirSync(join(stage.dir, '.partial'))).toEqual([])
})
