import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { rememberedPorts } from '../../../scheduler/stack/remembered-ports.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ports-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function listenOn(port: number): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  return (server.address() as { port: number }).port
}

test('ports are those of last time, whatever order they are asked in', async () => {
  const first = rememberedPorts(dir)
  const [api, store] = [await first.any('api'), await first.any('store')]
  expect(api).not.toBe(store)
  const second = rememberedPorts(dir)
  expect([await second.any('store'), await second.any('api')]).toEqual([store, api])
})

test('one that somebody listens on by now makes room for another, the rest stays', async () => {
  const first = rememberedPorts(dir)
  const [api, store] = [await first.any('api'), await first.any('store')]
  await listenOn(api)
  const second = rememberedPorts(dir)
  const other = await second.any('api')
  expect([api, store]).not.toContain(other)
  expect(await second.any('store')).toBe(store)
  expect(await rememberedPorts(dir).any('api')).toBe(other)
})

test('one that was asked for is taken, remembered, and given to nobody else', async () => {
  const wanted = await rememberedPorts(dir).any('redis')
  const ports = rememberedPorts(dir)
  expect(await ports.exactly('store', wanted, '--store-port')).toBe(wanted)
  expect(await ports.any('redis')).not.toBe(wanted)
  expect(await rememberedPorts(dir).any('store')).toBe(wanted)
})

test('one that was asked for and is taken is refused by its option', async () => {
  const taken = await listenOn(0)
  await expect(rememberedPorts(dir).exactly('store', taken, '--store-port')).rejects.toThrow(
    `port ${taken} is taken: use another --store-port`,
  )
})

test.each(['{"api": 20', '{"api": 0}', '[]'])('a file that says %s is no obstacle', async (text) => {
  writeFileSync(join(dir, 'ports.json'), text)
  expect(await rememberedPorts(dir).any('api')).toBeGreaterThanOrEqual(20_000)
})
