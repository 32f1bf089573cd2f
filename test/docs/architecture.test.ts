import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/architecture.md', root), 'utf8')

const foldersOf = (layer: string) =>
  readdirSync(new URL(layer, root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${layer}/${name}`)

test.each(['models', 'tasks', 'scheduler'])('the map names every folder of %s', (layer) => {
  expect(foldersOf(layer).filter((folder) => !page.includes(`\`${folder}\``))).toEqual([])
})

test('the map names no folder that is gone', () => {
  const named = [...page.matchAll(/`((?:models|tasks|scheduler)(?:\/[\w-]+)+)\/?`/g)].map(([, folder = '']) => folder)
  expect(named.length).toBeGreaterThan(20)
  for (const folder of named) expect(() => readdirSync(new URL(folder, root)), folder).not.toThrow()
})

test('every key of the control plane is in the table', () => {
  const store = readdirSync(new URL('scheduler', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(new URL(`scheduler/${path}`, root), 'utf8'))
  const used = store.flatMap((text) => [...text.matchAll(/['`]\{at\}:([a-z-]+)/g)].map(([, name = '']) => name))
  const table = page.slice(page.indexOf('## Redis keys'))
  expect([...new Set(used)].filter((name) => !new RegExp(`[\`:]${name}\\b`).test(table))).toEqual([])
})
