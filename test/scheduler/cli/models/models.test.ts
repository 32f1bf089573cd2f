import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { runCli } from '../../../fakes/fake-io.ts'
import { boltFolder, chronos2Folder, type StoreStage, storeStage, tinyModel } from '../../model-store/store-stage.ts'

const environmentOf = ({ dir, hub }: StoreStage) => ({ AT_MODELS_DIR: dir, HF_ENDPOINT: hub.url })
const cli = (stage: StoreStage, ...args: string[]) => runCli(['models', ...args], { environment: environmentOf(stage) })

// every pull of this process listens for signals
beforeAll(() => {
  for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(100)
})

test('from an empty store to a model that missions can name', async () => {
  await using stage = await storeStage()
  const empty = await cli(stage, 'list')
  expect(empty.out).toMatch(/^Built in: auto, chronos-embedded, /)
  expect(empty.out).toContain(`no models are installed in ${stage.dir}`)
  expect(empty.out).toMatch(/chronos-bolt-tiny +9 M +34.6 MB/)

  const pulled = await cli(stage, 'pull', 'chronos-bolt-tiny')
  expect(pulled.exitCode).toBe(0)
  expect(pulled.out).toMatch(
    /amazon\/chronos-bolt-tiny aaaaaaaaaaaa installed \(578 kB\): .*\nFor missions: model: chronos-bolt-tiny$/,
  )
  expect(pulled.err).toContain(`from ${stage.hub.url}/${tinyModel.id}`)

  const listed = await cli(stage, 'list')
  expect(listed.out).toMatch(
    /^chronos-bolt-tiny +aaaaaaaaaaaa \(main\) +Chronos-Bolt +0.14 M +577 kB +\d s ago +not the published chronos-bolt-tiny, which has 9 M$/m,
  )
  expect((await cli(stage, 'verify')).out).toBe('chronos-bolt-tiny: all files are as they were pulled')
  expect((await cli(stage, 'remove', 'chronos-bolt-tiny')).exitCode).toBe(0)
  expect((await cli(stage, 'list')).out).toContain('no models are installed')
})

test('on a terminal one line shows how far a pull is', async () => {
  await using stage = await storeStage()
  stage.hub.atStorage = (_request, response) => {
    const weights = readFileSync(join(boltFolder, 'model.safetensors'))
    response.write(weights.subarray(0, 300_000))
    setTimeout(() => response.end(weights.subarray(300_000)), 200)
    return true
  }
  const setting = { environment: environmentOf(stage), isTerminal: true }
  const { exitCode, err, drawn } = await runCli(['models', 'pull', 'chronos-bolt-tiny'], setting)
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
  const lines = drawn.split('\r\x1b[K')
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}model.safetensors {2}\[#+\.+\] \d+ % {2}\d+ kB of 577 kB/))
  expect(lines.every((line) => line.trimEnd().length < 80)).toBe(true)
  expect(drawn.endsWith('\r\x1b[K')).toBe(true)
})

test('with --json every line is an object', async () => {
  await using stage = await storeStage()
  const { out } = await cli(stage, 'pull', 'chronos-bolt-tiny@v1.0', '--json')
  const events = out.split('\n').map((line) => JSON.parse(line))
  expect(events.at(0)).toMatchObject({ event: 'listed', model: tinyModel.id, revision: tinyModel.commit })
  expect(events.at(-1)).toMatchObject({
    event: 'installed',
    requested: 'v1.0',
    folder: expect.stringContaining(stage.dir),
  })
  const { models } = JSON.parse((await cli(stage, 'list', '--json')).out)
  expect(models).toEqual([expect.objectContaining({ id: tinyModel.id, family: 'Chronos-Bolt', predictionLength: 64 })])
})

test('without a network a pull names the ways out', async () => {
  await using stage = await storeStage()
  const environment = { ...environmentOf(stage), HF_ENDPOINT: 'http://127.0.0.1:9' }
  const { exitCode, err } = await runCli(['models', 'pull', 'chronos-2'], { environment })
  expect({ exitCode, err }).toEqual({
    exitCode: 1,
    err: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)\n.*--from FOLDER.*HF_ENDPOINT.*HTTPS_PROXY/),
  })
})

test('the token of the configuration goes before that of the environment', async () => {
  await using stage = await storeStage([{ ...tinyModel, token: 'hf_right' }])
  const environment = { ...environmentOf(stage), HF_TOKEN: 'hf_wrong' }
  const refused = await runCli(['models', 'pull', tinyModel.id], { environment })
  expect(refused).toMatchObject({ exitCode: 1, err: expect.stringMatching(/gated: accept its terms/) })
  const taken = await runCli(['models', 'pull', tinyModel.id], {
    environment: { ...environment, AT_MODELS_TOKEN: 'hf_right' },
  })
  expect(taken.exitCode).toBe(0)
  expect(JSON.stringify([refused, taken])).not.toMatch(/hf_right|hf_wrong/)
})

test('a folder is installed without a network, under its name or another', async () => {
  await using stage = await storeStage()
  const { exitCode, out } = await cli(stage, 'pull', 'chronos-2', '--from', chronos2Folder)
  expect(exitCode).toBe(0)
  expect(out).toContain('For missions: model: chronos-2')
  // from one store to the next: the revision and where it came from stay the same
  const [folder = ''] = /\/\S+$/m.exec(out) ?? []
  const again = await cli(stage, 'pull', '--from', folder, '--dir', join(stage.dir, 'other'))
  expect(again.out).toContain('amazon/chronos-2')
  expect(again.out.split(' ')[1]).toBe(out.split(' ')[1])
})

test('an adapter is refused before anything is copied', async () => {
  await using stage = await storeStage()
  const adapter = join(stage.dir, '.adapter')
  mkdirSync(adapter)
  for (const name of ['adapter_config.json', 'adapter_model.safetensors']) writeFileSync(join(adapter, name), '{}')
  const { exitCode, err } = await cli(stage, 'pull', 'mine', '--from', adapter)
  expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringContaining('LoRA adapter: merge it') })
})

test('damage is found, named, and mended by pulling again', async () => {
  await using stage = await storeStage()
  await cli(stage, 'pull', 'chronos-bolt-tiny')
  cpSync(boltFolder, join(stage.dir, 'mine'), { recursive: true })
  truncateSync(join(stage.dir, 'mine', 'model.safetensors'), 5)
  truncateSync(join(stage.dir, tinyModel.id, tinyModel.commit, 'config.json'), 5)
  const { exitCode, err } = await cli(stage, 'verify')
  expect(exitCode).toBe(1)
  expect(err).toMatch(/^chronos-bolt-tiny: .*config.json has 5 bytes, 1125 were pulled$/m)
  expect(err).toMatch(/^mine: .*model.safetensors/m)
  expect((await cli(stage, 'list')).out).toMatch(/^mine +copied +- .*safetensors/m)
  const verified = await cli(stage, 'verify', '--json')
  expect(verified.exitCode).toBe(1)
  expect(JSON.parse(verified.out)).toEqual([
    {
      id: tinyModel.id,
      revision: tinyModel.commit,
      folder: expect.anything(),
      problems: [expect.stringContaining('config.json')],
      hasChecksums: true,
    },
    { id: 'mine', folder: expect.anything(), problems: [expect.stringContaining('safetensors')], hasChecksums: false },
  ])
  await cli(stage, 'pull', 'chronos-bolt-tiny')
  expect((await cli(stage, 'verify', 'chronos-bolt-tiny')).exitCode).toBe(0)
})

test('a model is measured as it is configured', async () => {
  const bench = (environment: Record<string, string>) =>
    runCli(['models', 'bench', boltFolder, '--seconds', '1', '--series', '2', '--context', '64'], { environment })
  const { exitCode, out } = await bench({ AT_INFERENCE_THREADS: '1' })
  expect({ exitCode, out }).toEqual({
    exitCode: 0,
    out: expect.stringMatching(
      /^CONTEXT +SERIES.S +PER CORE +THREADS.*PEAK RSS\n +64( +[\d.,]+){2} +1 .* \d+(\.\d)? [MG]B$/,
    ),
  })
  expect((await bench({ AT_INFERENCE_DEVICE: 'abacus' })).err).toContain('device "abacus"')
})

test('built-in models are measured as well', async () => {
  const { exitCode, out } = await runCli(['models', 'bench', 'theta', '--seconds', '1', '--context', '64'])
  expect({ exitCode, out }).toEqual({ exitCode: 0, out: expect.stringMatching(/\n +64 +[\d,]+ /) })
})

test.each([
  { args: ['pull'], exitCode: 2, says: 'NAME is missing' },
  { args: ['pull', 'seasonal-naive'], exitCode: 2, says: 'built in' },
  { args: ['pull', 'chronos-bolt-tinny'], exitCode: 1, says: 'did you mean "chronos-bolt-tiny"?' },
  { args: ['pull', '../../etc'], exitCode: 2, says: 'is no name of a model' },
  { args: ['pull', 'a/b', 'c/d', '--revision', 'v1'], exitCode: 2, says: '--revision is for one NAME' },
  { args: ['pull', 'chronos-2', '--from', '/nowhere'], exitCode: 1, says: '/nowhere has no config.json' },
  { args: ['verify', 'chronos-2'], exitCode: 1, says: 'is not installed in' },
  { args: ['remove', 'chronos-2'], exitCode: 1, says: 'is not installed in' },
  { args: ['bench', 'chronos-2'], exitCode: 1, says: 'install it with: anomaly-times models pull chronos-2' },
  { args: ['bench', 'chronos-2', '--seconds', '0'], exitCode: 2, says: '--seconds 0' },
])('models $args says what is wrong', async ({ args, exitCode, says }) => {
  await using stage = await storeStage()
  expect(await cli(stage, ...args)).toMatchObject({ exitCode, err: expect.stringContaining(says) })
})
