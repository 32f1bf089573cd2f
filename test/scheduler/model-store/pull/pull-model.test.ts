import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findInstalled, listInstalled } from '../../../../scheduler/model-store/installed-models.ts'
import { type Interference, sha256 } from '../../../fakes/fake-hub.ts'
import { storeStage, tinyModel, weights } from '../store-stage.ts'

const { id, commit } = tinyModel

test('a pull installs what a checkpoint needs, by its commit, and says where it came from', async () => {
  await using stage = await storeStage()
  const { outcome, model } = await stage.pull()
  expect(outcome).toBe('installed')
  expect(model.folder).toBe(join(stage.dir, id, commit))
  expect(readdirSync(model.folder).sort()).toEqual([
    'README.md',
    'anomaly-times.json',
    'config.json',
    'model.safetensors',
  ])
  expect(readFileSync(join(model.folder, 'model.safetensors')).equals(weights)).toBe(true)
  expect(model.manifest).toMatchObject({
    ...{ model: id, revision: commit, requested: 'main', source: `${stage.hub.url}/${id}` },
    files: { 'model.safetensors': { bytes: weights.length, sha256: sha256(weights) } },
  })
  expect(readdirSync(join(stage.dir, '.partial'))).toEqual([])
})

test('the storage host never sees the token', async () => {
  await using stage = await storeStage([{ ...tinyModel, token: 'hf_secret' }])
  await stage.pull({ token: 'hf_secret' })
  const tokens = stage.hub.seen.map(({ at, authorization }) => `${at} ${authorization}`)
  expect(new Set(tokens)).toEqual(new Set(['hub Bearer hf_secret', 'storage undefined']))
})

test('what is installed is not fetched again', async () => {
  await using stage = await storeStage()
  await stage.pull()
  const requests = stage.hub.seen.length
  expect((await stage.pull()).outcome).toBe('present')
  expect(stage.hub.seen.length).toBe(requests + 1)
})

test('what is installed and has lost bytes since is fetched again', async () => {
  await using stage = await storeStage()
  const { model } = await stage.pull()
  truncateSync(join(model.folder, 'model.safetensors'), 1_000)
  expect((await stage.pull()).outcome).toBe('installed')
  expect(readFileSync(join(model.folder, 'model.safetensors')).equals(weights)).toBe(true)
})

test.each(['v1.0', 'refs/pr/3', commit])('revision %s is pinned to its commit', async (revision) => {
  await using stage = await storeStage()
  const { model } = await stage.pull({ revision })
  expect(model).toMatchObject({ revision: commit, manifest: { requested: revision } })
  expect(findInstalled(stage.dir, { id, revision })?.folder).toBe(model.folder)
})

test('the revision that was pulled last is the one that a name alone means', async () => {
  const moved = { ...tinyModel, commit: 'b'.repeat(40), id: 'amazon/moved' }
  await using stage = await storeStage([tinyModel, moved])
  await stage.pull()
  // the branch has moved on
  stage.hub.atHub = (request) => {
    request.url = request.url?.replace(id, moved.id) ?? ''
    return false
  }
  await stage.pull()
  expect(findInstalled(stage.dir, { id })?.revision).toBe(moved.commit)
  stage.hub.atHub = () => false
  expect((await stage.pull()).outcome).toBe('present')
  expect(findInstalled(stage.dir, { id })?.revision).toBe(commit)
  expect(findInstalled(stage.dir, { id, revision: 'bbbbbbb' })?.revision).toBe(moved.commit)
})

const otherBytes = Buffer.from(weights).fill(1, 300_000, 300_001)

test.each([
  { what: 'weights with other bytes', at: 'storage', path: '', bytes: otherBytes, says: /model.safetensors.*sha256/ },
  { what: 'another config.json', at: 'hub', path: 'config.json', bytes: Buffer.alloc(1_125, ' '), says: /config.json/ },
])('$what are refused, and nothing of them stays', async ({ at, path, bytes, says }) => {
  await using stage = await storeStage()
  const interfere: Interference = (request, response) => {
    if (!request.url?.endsWith(path)) return false
    response.end(bytes)
    return true
  }
  if (at === 'storage') stage.hub.atStorage = interfere
  else stage.hub.atHub = interfere
  await expect(stage.pull()).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(says) })
  expect(listInstalled(stage.dir)).toEqual([])
  stage.hub.atStorage = () => false
  stage.hub.atHub = () => false
  expect((await stage.pull()).outcome).toBe('installed')
})

test('a sound file that is no checkpoint of ours is refused as a forecast would refuse it', async () => {
  const files = { ...tinyModel.files, 'config.json': Buffer.from('{"architectures": ["T5ForConditionalGeneration"]}') }
  await using stage = await storeStage([{ ...tinyModel, files }])
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringMatching('original'),
  })
  expect(listInstalled(stage.dir)).toEqual([])
  expect(readdirSync(stage.dir)).toEqual(['.partial'])
})

test('a puller whose lock another has taken over installs nothing', async () => {
  await using stage = await storeStage()
  stage.hub.atStorage = () => {
    writeFileSync(join(stage.dir, '.partial', `${id.replace('/', '--')}.lock`), '{}')
    return false
  }
  await expect(stage.pull()).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(listInstalled(stage.dir)).toEqual([])
})

test('weights above the limit are refused before they are fetched', async () => {
  await using stage = await storeStage()
  await expect(stage.pull({ maxBytes: 100_000 })).rejects.toMatchObject({
    message: expect.stringMatching(/model.safetensors has 576952 bytes.*100000/),
  })
  expect(stage.hub.seen.map(({ at }) => at)).not.toContain('storage')
})

test('a store that cannot be written says what to set', async () => {
  await using stage = await storeStage()
  const dir = join(stage.dir, 'file')
  writeFileSync(dir, '')
  await expect(stage.pull({ dir })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/file.*ENOTDIR.*AT_MODELS_DIR/),
  })
})

test('an aborted pull leaves no lock, and the next one goes on', async () => {
  await using stage = await storeStage()
  const stop = new AbortController()
  stage.hub.atStorage = (_request, response) => {
    response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 200_000))
    setTimeout(() => stop.abort(), 50)
    return true
  }
  await expect(stage.pull({ signal: stop.signal })).rejects.toThrow('abort')
  stage.hub.atStorage = () => false
  expect((await stage.pull()).outcome).toBe('installed')
  const asked = stage.hub.seen.filter(({ at }) => at === 'storage').map(({ range }) => range)
  expect(asked).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)])
  expect(stage.events.map(({ event }) => event)).not.toContain('waiting')
})
