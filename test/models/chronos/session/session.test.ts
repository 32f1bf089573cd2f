import { spawnSync } from 'node:child_process'
import { afterEach, expect, test } from 'vitest'
import { buildBoltGraph } from '../../../../models/chronos/bolt/graph.ts'
import type { BoltConfig } from '../../../../models/chronos/checkpoint/config.ts'
import { openCheckpoint } from '../../../../models/chronos/checkpoint/open-checkpoint.ts'
import { openSession, type Session, type SessionOptions } from '../../../../models/chronos/session/session.ts'
import { fixtures } from '../goldens.ts'

const checkpoint = openCheckpoint(`${fixtures}/bolt`)
const config = checkpoint.config as BoltConfig
const { weightsPath } = checkpoint
const graph = buildBoltGraph(checkpoint, config)

const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
})

async function open(options: Partial<SessionOptions> = {}): Promise<Session> {
  const session = await openSession({ ...graph, weightsPath, threads: 1, device: 'cpu', ...options })
  opened.push(session)
  return session
}

const feeds = (patches = 3) => ({
  patches: { values: new Float32Array(patches * 2 * config.patch).fill(1), shape: [1, patches, 2 * config.patch] },
  mask: { values: new Float32Array(patches).fill(1), shape: [1, patches] },
})

test('runs wait for each other and take their feeds along', async () => {
  const session = await open()
  const [short, long] = [feeds(3), feeds(5)]
  const outputs = await Promise.all([session.run(short), session.run(long), session.run(feeds(3))])
  for (const { values } of outputs) expect(values).toHaveLength(config.quantiles.length * config.predictionLength)
  expect(outputs[2]?.values).toEqual(outputs[0]?.values)
  expect([short.mask.values.length, long.patches.values.length]).toEqual([0, 0])
})

test('feeds that do not fit fail their run alone, with the name of the weights', async () => {
  const session = await open()
  const { patches } = feeds()
  const [wrong, right] = await Promise.allSettled([session.run({ patches }), session.run(feeds())])
  expect(wrong).toMatchObject({ reason: { code: 'MODEL_FAILED', message: expect.stringContaining(weightsPath) } })
  expect(right.status).toBe('fulfilled')
  expect(session.isOpen).toBe(true)
})

test('closing fails what waits and what comes later, and tells that the memory is free', async () => {
  let ends = 0
  const session = await open({ onEnd: () => ends++ })
  const waiting = Array.from({ length: 3 }, () => session.run(feeds()))
  const failed = Promise.allSettled(waiting)
  await session.close()
  await session.close()
  const closed = { code: 'MODEL_FAILED', message: `${weightsPath}: the session is closed` }
  expect(await failed).toEqual(waiting.map(() => ({ status: 'rejected', reason: expect.objectContaining(closed) })))
  await expect(session.run(feeds())).rejects.toMatchObject(closed)
  expect([session.isOpen, ends]).toEqual([false, 1])
})

test('weights that have gone since their header was read are named', async () => {
  let ends = 0
  const gone = open({ weightsPath: `${fixtures}/nowhere/model.safetensors`, onEnd: () => ends++ })
  await expect(gone).rejects.toMatchObject({ code: 'MODEL_FAILED', message: expect.stringContaining('/nowhere/') })
  await expect.poll(() => ends).toBe(1)
})

test.each(['abacus', 'tensorrt'])(
  'device %s, which this machine has not, is named with what could be done',
  async (device) => {
    await expect(open({ device })).rejects.toMatchObject({
      code: 'MODEL_FAILED',
      message: expect.stringMatching(new RegExp(`device "${device}" (is not part of|cannot be used).*cpu`)),
    })
  },
)

test('onnxruntime says nothing beside the error', () => {
  const url = new URL('../../../../models/chronos/session/session-worker.mjs', import.meta.url)
  const script = `import { Worker } from 'node:worker_threads'
    const workerData = { model: new Uint8Array(8), int8: { tensors: [] }, device: 'cuda', threads: 1 }
    new Worker(new URL('${url}'), { workerData, execArgv: [] }).on('message', ({ failed }) => console.log(failed))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(stdout).toMatch(/^device "cuda" /)
  expect(stderr).toBe('')
})
