import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { childOf, settingTree } from '../../scheduler/config/setting-tree.ts'
import type { SchemaNode } from '../../scheduler/config/zod-problems.ts'
import { createMetrics } from '../../scheduler/process/metrics.ts'

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')

/** Cells of the rows of a table, by the heading above it. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => row.split(' | ').map((cell) => cell.trim()))
}

interface Setting {
  readonly key: string
  /** undefined where there is none, or where the schema cannot tell. */
  readonly fallback: unknown
}

/** Every setting that holds a value, as `datasources[].tls.caFile`. */
function settingsBelow(node: SchemaNode, key: string, fallback?: unknown): Setting[] {
  const names = Object.keys(node.properties ?? {})
  const item = node.items && childOf(node, 0)
  if (item?.properties) return settingsBelow(item, `${key}[]`)
  if (names.length === 0) return [{ key, fallback }]
  return names.flatMap((name) => {
    const written = node.properties?.[name] as { readonly default?: unknown } | undefined
    return settingsBelow(childOf(node, name) ?? {}, key === '' ? name : `${key}.${name}`, written?.default)
  })
}

const cell = (value: unknown): string => `\`${typeof value === 'object' ? JSON.stringify(value) : String(value)}\``

test('docs/operations.md names every setting with its default', () => {
  const rows = rowsUnder('Configuration')
  const settings = settingsBelow(settingTree, '')
  expect(rows.map(([key]) => key)).toEqual(settings.map(({ key }) => cell(key)))
  const told = settings.flatMap(({ fallback }, i) => (fallback === undefined ? [] : [{ i, fallback }]))
  expect(told.map(({ i }) => rows[i]?.[1])).toEqual(told.map(({ fallback }) => cell(fallback)))
})

test('docs/operations.md names every metric of ours with its labels', async () => {
  const { text, contentType: _, beforeScrape: __, ...metrics } = createMetrics()
  expect(await text()).toContain('anomaly_times_build_info')
  const own = Object.values(metrics).map((metric) => {
    const { name, labelNames } = metric as unknown as { readonly name: string; readonly labelNames: readonly string[] }
    return [`\`${name}\``, labelNames.map((label) => `\`${label}\``).join(', ')]
  })
  expect(rowsUnder('Metrics of ours').map(([name, labels]) => [name, labels])).toEqual(own)
})
