import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { DumpedKey } from './dump.ts'

const folder = resolve('test/fixtures/stored-forms')

/** Days on which stored forms changed, oldest first. */
export const versions = (): string[] => readdirSync(folder).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

export function readVersion(name: string): { readonly dumped: DumpedKey[]; readonly stateDir: string } {
  const dir = join(folder, name)
  return { dumped: JSON.parse(readFileSync(join(dir, 'redis.json'), 'utf8')), stateDir: join(dir, 'state') }
}

/** Of today; one key a line, so that two versions can be compared. */
export function writeVersion(dumped: readonly DumpedKey[], stateDir: string): void {
  const today = new Date().toISOString().slice(0, 10)
  const earlier = versions().filter((name) => name.startsWith(today)).length
  const dir = join(folder, `${today}.${earlier + 1}`)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'redis.json'), `[\n${dumped.map((key) => JSON.stringify(key)).join(',\n')}\n]\n`)
  cpSync(stateDir, join(dir, 'state'), { recursive: true })
}
