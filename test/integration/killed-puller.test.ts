import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { storeStage, tinyModel, weights } from '../scheduler/model-store/store-stage.ts'

const command = new URL('../../dist/scheduler/cli.js', import.meta.url).pathname

test('a puller that is killed leaves its lock and its bytes to the next one', async () => {
  await using stage = await storeStage()
  const half = 300_000
  stage.hub.atStorage = (_request, response) => {
    response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, half))
    return true
  }
  const environment = { ...process.env, AT_MODELS_DIR: stage.dir, HF_ENDPOINT: stage.hub.url }
  const puller = spawn(process.execPath, [command, 'models', 'pull', tinyModel.id], { env: environment })
  const partial = join(stage.dir, '.partial', tinyModel.id.replace('/', '--'))
  const path = join(partial, tinyModel.commit, 'model.safetensors')
  await vi.waitFor(() => expect(statSync(path).size).toBe(half), { timeout: 30_000, interval: 20 })
  puller.kill('SIGKILL')
  await once(puller, 'exit')
  expect(existsSync(`${partial}.lock`)).toBe(true)

  stage.hub.atStorage = () => false
  const { outcome } = await stage.pull()
  expect(outcome).toBe('installed')
  expect(stage.hub.seen.findLast(({ at }) => at === 'storage')?.range).toBe(`bytes=${half}-`)
  expect(stage.events.map(({ event }) => event)).not.toContain('waiting')
  expect(readdirSync(join(stage.dir, '.partial'))).toEqual([])
}, 60_000)

test('the second of two pullers waits for the first and finds the model there', async () => {
  await using stage = await storeStage()
  const [first, second] = await Promise.all([stage.pull(), stage.pull()])
  expect([first.outcome, second.outcome].sort()).toEqual(['installed', 'present'])
  expect(stage.hub.seen.filter(({ at }) => at === 'storage')).toHaveLength(1)
  expect(stage.events.filter(({ event }) => event === 'waiting')).toHaveLength(1)
})
