import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { forecasterFactories } from '../../models/registry.ts'
import { formatBytes } from '../../scheduler/cli/models/options.ts'
import { knownModels } from '../../scheduler/model-store/known-models.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/models.md')

test('docs/models.md has the known models as `models list` shows them', () => {
  const rows = [...page.matchAll(/^\| `(chronos[^`]*)` \| `([^`]*)` \| ([^|]*) \| ([^|]*) \|/gm)]
  expect(rows.map(([, ...cells]) => cells)).toEqual(
    knownModels.map(({ name, id, parameters, bytes }) => [name, id, parameters, formatBytes(bytes)]),
  )
})

test('docs/models.md has the built-in models', () => {
  const builtIn = page.slice(page.indexOf('## Built in'), page.indexOf('## Choosing'))
  const named = [...builtIn.matchAll(/^\| `([^`]*)` \|/gm)].map(([, name]) => name)
  expect(named.sort()).toEqual(Object.keys(forecasterFactories).sort())
})

test('the model card and the benchmarks agree about our own model', () => {
  const card = /\*\*all\*\* \| \*\*(.*)\*\* \| \*\*(.*?)\*\*/.exec(read('models/embedded/weights/README.md'))
  const bench = /^\| `chronos-embedded` \| (0\.\d{3}) \| (0\.\d{3}) \|/m.exec(read('docs/benchmarks.md'))
  expect(bench?.slice(1)).toHaveLength(2)
  expect(bench?.slice(1)).toEqual(card?.slice(1))
})

test('docs/models.md names every command on models', async () => {
  const { commands } = await import('../../scheduler/cli/commands.ts')
  const named = new Set([...page.matchAll(/\bmodels (list|pull|verify|remove|bench)\b/g)].map(([name]) => name))
  expect([...named].sort()).toEqual(
    commands
      .map(({ name }) => name)
      .filter((name) => name.startsWith('models '))
      .sort(),
  )
})
