import { readFileSync } from 'node:fs'
import { childOf, settingTree } from './setting-tree.ts'
import type { SchemaNode, ValuePath } from './zod-problems.ts'

export interface NamedFilesReading {
  readonly tree: unknown
  /** Paths end in `File`. */
  readonly problems: readonly { readonly path: ValuePath; readonly detail: string }[]
}

/**
 * `passwordFile: /run/secrets/redis` gives `password`, for every string setting without such a key of its own.
 * Keys that are left empty are not set.
 */
export function readNamedFiles(
  value: unknown,
  node: SchemaNode = settingTree,
  path: ValuePath = [],
): NamedFilesReading {
  if (typeof value !== 'object' || value === null) return { tree: value, problems: [] }
  if (Array.isArray(value)) {
    const readings = value.map((item, i) => readNamedFiles(item, childOf(node, i), [...path, i]))
    return { tree: readings.map(({ tree }) => tree), problems: readings.flatMap(({ problems }) => problems) }
  }
  const entries: [string, unknown][] = []
  const problems: { path: ValuePath; detail: string }[] = []
  for (const [key, below] of Object.entries(value)) {
    const target = fileTarget(node, key)
    if (target !== undefined) {
      const { text, detail } = readNamedFile(below, Object.hasOwn(value, target) ? target : undefined)
      entries.push([target, text])
      if (detail !== undefined) problems.push({ path: [...path, key], detail })
    } else if (below !== null) {
      const reading = readNamedFiles(below, childOf(node, key), [...path, key])
      entries.push([key, reading.tree])
      problems.push(...reading.problems)
    }
  }
  return { tree: Object.fromEntries(entries), problems }
}

/** The setting that a key ending in `File` gives. */
function fileTarget(node: SchemaNode, key: string): string | undefined {
  const target = key.slice(0, -'File'.length)
  const known = node.properties ?? {}
  if (!key.endsWith('File') || Object.hasOwn(known, key) || !Object.hasOwn(known, target)) return undefined
  return childOf(node, target)?.type === 'string' ? target : undefined
}

function readNamedFile(file: unknown, alsoSet: string | undefined): { text: string; detail?: string } {
  if (typeof file !== 'string') return { text: '', detail: 'expected the path of a file' }
  if (alsoSet !== undefined) return { text: '', detail: `give ${alsoSet} or ${alsoSet}File, not both` }
  try {
    // an editor's newline at the end is no part of a secret
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    return text === '' ? { text, detail: `${file} is empty` } : { text }
  } catch (error) {
    return { text: '', detail: `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error})` }
  }
}
