import { parse } from 'yaml'
import { didYouMean } from './did-you-mean.ts'
import { childOf, fixedPaths, settingTree } from './setting-tree.ts'
import { nodeAt, type SchemaNode, type ValuePath } from './zod-problems.ts'

/** One setting that an environment variable gives. */
export interface EnvironmentSetting {
  readonly variable: string
  readonly path: ValuePath
  readonly value: unknown
}

export interface EnvironmentReading {
  readonly settings: readonly EnvironmentSetting[]
  readonly problems: readonly { readonly variable: string; readonly detail: string }[]
}

/** Read elsewhere: by the command line, the API client and the evaluation. */
const otherVariables = new Set(['AT_CONFIG', 'AT_API', 'AT_API_KEY', 'AT_API_KEY_FILE', 'AT_EVAL_DATA'])

// kubernetes announces a service called "at" or "at-redis" by such variables, they are no settings
const serviceLink = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT(?:_\d+_(?:TCP|UDP)(?:_|$)|$)/

/**
 * `AT_REDIS__DATA_URL` is redis.dataUrl: two underscores go one level down, one stands before a capital. Settings
 * outside of lists and maps may be written with single underscores throughout. An empty variable is not set.
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): EnvironmentReading {
  const settings: EnvironmentSetting[] = []
  const problems: { variable: string; detail: string }[] = []
  for (const variable of Object.keys(environment).sort()) {
    const text = environment[variable]
    if (!variable.startsWith('AT_') || otherVariables.has(variable) || !text) continue
    const path = pathOf(variable)
    if (path) settings.push({ variable, path, value: coerce(text, nodeAt(settingTree, path)) })
    else if (!serviceLink.test(variable))
      problems.push({
        variable,
        detail: `no such setting${didYouMean(variable, [...singleForms.keys(), ...nestedForms])}`,
      })
  }
  return { settings, problems }
}

const variableName = (path: readonly string[], separator: string): string =>
  `AT_${path.map(upperSnake).join(separator)}`
const singleForms = new Map(fixedPaths().map((path) => [variableName(path, '_'), path]))
const nestedForms = fixedPaths().map((path) => variableName(path, '__'))

function pathOf(variable: string): ValuePath | undefined {
  const exact = singleForms.get(variable) ?? descend(settingTree, variable.slice(3).split('__'))
  if (exact || !variable.endsWith('_FILE')) return exact
  // a string setting read from a file: the same path with File at its end
  const base = pathOf(variable.slice(0, -'_FILE'.length))
  return base && nodeAt(settingTree, base)?.type === 'string' ? [...base.slice(0, -1), `${base.at(-1)}File`] : undefined
}

function descend(node: SchemaNode, segments: readonly string[]): ValuePath | undefined {
  const [segment, ...rest] = segments
  if (segment === undefined) return []
  const key = keyOf(node, segment)
  const child = key === undefined ? undefined : childOf(node, key)
  const below = child && descend(child, rest)
  return key === undefined || below === undefined ? undefined : [key, ...below]
}

function keyOf(node: SchemaNode, segment: string): string | number | undefined {
  if (node.items) return /^\d{1,3}$/.test(segment) ? Number(segment) : undefined
  const known = Object.keys(node.properties ?? {}).find((key) => upperSnake(key) === segment)
  // in a map of free keys (headers) X_SCOPE_ORGID is x-scope-orgid
  return (
    known ?? (typeof node.additionalProperties === 'object' ? segment.toLowerCase().replaceAll('_', '-') : undefined)
  )
}

function upperSnake(key: string): string {
  return key.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase()
}

/** Text as the setting's type wants it; what does not fit stays text, for the schema to name. */
function coerce(text: string, node: SchemaNode | undefined): unknown {
  if (node?.type === 'number' || node?.type === 'integer')
    return text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text
  if (node?.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (node?.type !== 'object' && node?.type !== 'array') return text
  try {
    return parse(text)
  } catch {
    return text
  }
}
