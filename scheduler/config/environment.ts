import { parse } from 'yaml'
import { asQuestion, nearest } from './did-you-mean.ts'
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
    if (!variable.startsWith(prefix) || otherVariables.has(variable) || !text) continue
    const path = pathOf(variable)
    if (path) {
      const { value, detail } = coerce(text, nodeAt(settingTree, path))
      if (detail === undefined) settings.push({ variable, path, value })
      else problems.push({ variable, detail })
    } else if (!serviceLink.test(variable))
      problems.push({ variable, detail: `no such setting${asQuestion(meantBy(variable))}` })
  }
  return { settings, problems }
}

const prefix = 'AT_'
const nameOf = (path: readonly string[], separator: string): string => path.map(upperSnake).join(separator)
const singleForms = new Map(fixedPaths().map((path) => [`${prefix}${nameOf(path, '_')}`, path]))
const names = fixedPaths().flatMap((path) => [nameOf(path, '_'), nameOf(path, '__')])

/** The variable that this one was probably meant to be: its prefix makes no name alike. */
function meantBy(variable: string): string | undefined {
  const written = variable.slice(prefix.length)
  const meant = corrected(settingTree, written.split('__'))?.join('__') ?? nearest(written, names)
  return meant === undefined ? undefined : `${prefix}${meant}`
}

/** Level by level, so that lists and maps are looked into as well. */
function corrected(node: SchemaNode, segments: readonly string[]): readonly string[] | undefined {
  const [segment, ...rest] = segments
  if (segment === undefined) return []
  const isKnown = keyOf(node, segment) !== undefined
  const meant = isKnown ? segment : nearest(segment, Object.keys(node.properties ?? {}).map(upperSnake))
  const key = meant === undefined ? undefined : keyOf(node, meant)
  const child = key === undefined ? undefined : childOf(node, key)
  const below = child && corrected(child, rest)
  return meant === undefined || below === undefined ? undefined : [meant, ...below]
}

function pathOf(variable: string): ValuePath | undefined {
  const exact = singleForms.get(variable) ?? descend(settingTree, variable.slice(prefix.length).split('__'))
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

interface Coerced {
  readonly value?: unknown
  /** Why it cannot be read. */
  readonly detail?: string
}

/** Text as the setting's type wants it; what does not fit stays text, for the schema to name. */
function coerce(text: string, node: SchemaNode | undefined): Coerced {
  if (node?.type === 'number' || node?.type === 'integer')
    return { value: text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text }
  if (node?.type === 'boolean') return { value: text === 'true' ? true : text === 'false' ? false : text }
  return node?.type === 'object' || node?.type === 'array' ? readYaml(text) : { value: text }
}

function readYaml(text: string): Coerced {
  try {
    return { value: parse(text) }
  } catch (error) {
    const [words = ''] = String(error instanceof Error ? error.message : error).split('\n')
    return { detail: `no YAML or JSON: ${words.replace(/:$/, '')}` }
  }
}
