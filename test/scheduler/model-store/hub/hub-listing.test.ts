import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listing, refuse, sendJson } from '../../../fakes/fake-hub.ts'
import { storeStage, tinyModel } from '../store-stage.ts'

const told = listing(tinyModel)
const withFile = (rfilename: string) => ({ ...told, siblings: [...told.siblings, { rfilename, size: 3 }] })

test.each([
  '../../../../escaped.json',
  '/etc/escaped.json',
  'sub/../../config.json',
  '..\\..\\config.json',
  'config.json\0.txt',
  '.git/hooks/post-checkout',
])('a listing with %j installs nothing by that name', async (name) => {
  await using stage = await storeStage()
  stage.hub.atHub = (request, response) => {
    if (!request.url?.startsWith('/api/')) return false
    sendJson(response, withFile(name))
    return true
  }
  const { model } = await stage.pull()
  expect(readdirSync(model.folder).sort()).toEqual([
    'README.md',
    'anomaly-times.json',
    'config.json',
    'model.safetensors',
  ])
  expect(readdirSync(stage.dir).sort()).toEqual(['.partial', 'amazon'])
  expect(existsSync(join(stage.dir, '..', 'escaped.json'))).toBe(false)
})

const lacking = (...names: string[]) => ({
  ...told,
  siblings: [{ rfilename: 'config.json', size: 1 }, ...names.map((rfilename) => ({ rfilename, size: 1 }))],
})

test.each([
  {
    what: 'a commit that climbs',
    body: { ...told, sha: '../../../etc' },
    code: 'RESPONSE_INVALID',
    says: /as a model hub/,
  },
  { what: 'no JSON', body: undefined, code: 'RESPONSE_INVALID', says: /as a model hub/ },
  { what: 'a login page', body: '<html>', code: 'RESPONSE_INVALID', says: /as a model hub/ },
  { what: 'no weights', body: lacking(), code: 'MODEL_INVALID', says: /has no model.safetensors$/ },
  { what: 'shards', body: lacking('model.safetensors.index.json'), code: 'MODEL_INVALID', says: /several files/ },
  { what: 'pickles', body: lacking('pytorch_model.bin'), code: 'MODEL_INVALID', says: /pytorch_model.bin/ },
  { what: 'an adapter', body: lacking('adapter_config.json'), code: 'MODEL_INVALID', says: /LoRA/ },
])('a listing with $what is refused', async ({ body, code, says }) => {
  await using stage = await storeStage()
  stage.hub.atHub = (_request, response) => {
    sendJson(response, body)
    return true
  }
  await expect(stage.pull()).rejects.toMatchObject({ code, message: expect.stringMatching(says) })
})

test('a listing without end is cut off', async () => {
  await using stage = await storeStage()
  stage.hub.atHub = (_request, response) => {
    const pour = (): void => {
      if (!response.destroyed) response.write(' '.repeat(1_000_000), () => setImmediate(pour))
    }
    pour()
    return true
  }
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'RESPONSE_INVALID',
    message: expect.stringMatching('longer'),
  })
})

test.each([
  {
    what: 'an unknown model',
    pull: { id: 'amazon/chronos-9' },
    code: 'HUB_DENIED',
    says: /no public model amazon\/chronos-9.*name/,
  },
  {
    what: 'the same with a token',
    pull: { id: 'amazon/chronos-9', token: 't' },
    code: 'NOT_FOUND',
    says: /no model amazon\/chronos-9/,
  },
  { what: 'an unknown revision', pull: { revision: 'v9' }, code: 'NOT_FOUND', says: /in revision v9/ },
  {
    what: 'a gated model',
    pull: { id: 'acme/gated' },
    code: 'HUB_DENIED',
    says: /acme\/gated is gated: accept its terms at .*HF_TOKEN/,
  },
  {
    what: 'a gated model with a wrong token',
    pull: { id: 'acme/gated', token: 't' },
    code: 'HUB_DENIED',
    says: /gated/,
  },
])('$what says what to do', async ({ pull, code, says }) => {
  await using stage = await storeStage([tinyModel, { ...tinyModel, id: 'acme/gated', token: 'secret' }])
  await expect(stage.pull(pull)).rejects.toMatchObject({ code, message: expect.stringMatching(says) })
})

test('a hub that is not there names its address', async () => {
  await using stage = await storeStage()
  await expect(stage.pull({ endpoint: 'http://127.0.0.1:9' })).rejects.toMatchObject({
    code: 'HUB_UNAVAILABLE',
    message: 'http://127.0.0.1:9 cannot be reached (ECONNREFUSED)',
  })
})

test('a mirror may lie below a path, and need not say sizes and checksums in its listing', async () => {
  await using stage = await storeStage()
  stage.hub.atHub = (request, response) => {
    request.url = request.url?.replace('/artifactory/hf', '') ?? ''
    if (!request.url.startsWith('/api/')) return false
    sendJson(response, { sha: told.sha, siblings: told.siblings.map(({ rfilename }) => ({ rfilename })) })
    return true
  }
  const { model } = await stage.pull({ endpoint: `${stage.hub.url}/artifactory/hf/` })
  expect(model.manifest?.source).toBe(`${stage.hub.url}/artifactory/hf/${tinyModel.id}`)
  expect(stage.hub.seen[0]?.path).toMatch(/^\/artifactory\/hf\/api\/models/)
})

test('weights for which nobody names a checksum are not installed', async () => {
  await using stage = await storeStage()
  stage.hub.atHub = (request, response) => {
    if (request.url?.startsWith('/api/'))
      sendJson(response, { sha: told.sha, siblings: told.siblings.map(({ rfilename }) => ({ rfilename })) })
    else if (request.url?.endsWith('safetensors')) response.end(tinyModel.files['model.safetensors'])
    else return false
    return true
  }
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringMatching('no checksum'),
  })
})

test('a hub that sends another commit than it listed is not believed', async () => {
  await using stage = await storeStage()
  stage.hub.atHub = (request, response) => {
    if (!request.url?.endsWith('safetensors')) return false
    response.writeHead(302, { 'x-repo-commit': 'b'.repeat(40), location: `${stage.hub.storageUrl}/x` }).end()
    return true
  }
  stage.hub.atStorage = (_request, response) => {
    response.end(tinyModel.files['model.safetensors'])
    return true
  }
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'RESPONSE_INVALID',
    message: expect.stringMatching('another version'),
  })
})

test.each([
  { what: 'to itself for ever', location: '/api/models/loop' },
  { what: 'to a file', location: 'file:///etc/passwd' },
  { what: 'nowhere', location: undefined },
])('a redirect $what is not followed', async ({ location }) => {
  await using stage = await storeStage()
  stage.hub.atHub = (_request, response) => {
    response.writeHead(302, { ...(location !== undefined && { location }) }).end()
    return true
  }
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'RESPONSE_INVALID',
    message: expect.stringMatching('redirect'),
  })
})

test('a storage that refuses says which file', async () => {
  await using stage = await storeStage()
  stage.hub.atStorage = (_request, response) => {
    refuse(response, 403, 'AccessDenied')
    return true
  }
  await expect(stage.pull()).rejects.toMatchObject({
    code: 'HUB_DENIED',
    message: expect.stringMatching('model.safetensors'),
  })
})
