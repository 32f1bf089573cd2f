import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatBytes } from '../../scheduler/cli/models/options.ts'
import { knownModels } from '../../scheduler/model-store/known-models.ts'

const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8')

test('docs/models.md has the known models as `models list` shows them', () => {
  const rows = [...page.matchAll(/^\| `(chronos[^`]*)` \| `([^`]*)` \| ([^|]*) \| ([^|]*) \|/gm)]
  expect(rows.map(([, ...cells]) => cells)).toEqual(
    knownModels.map(({ name, id, parameters, bytes }) => [name, id, parameters, formatBytes(bytes)]),
  )
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
