import type { z } from 'zod'
import { didYouMean } from './did-you-mean.ts'

export type ValuePath = readonly (string | number)[]

export interface Finding {
  readonly path: ValuePath
  readonly detail: string
}

/** The part of JSON Schema that zod makes of a schema of ours. */
export interface SchemaNode {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly additionalProperties?: SchemaNode | boolean
  readonly $defs?: Readonly<Record<string, SchemaNode>>
}

/** What stands below `key`; undefined when the schema knows no such key. */
export function childOf(node: SchemaNode, key: string | number, root: SchemaNode): SchemaNode | undefined {
  const known =
    typeof key === 'string' && Object.hasOwn(node.properties ?? {}, key) ? node.properties?.[key] : undefined
  const child = known ?? (typeof key === 'number' ? node.items : node.additionalProperties)
  return typeof child === 'object' ? resolved(child, root) : undefined
}

export function nodeAt(root: SchemaNode, path: ValuePath): SchemaNode | undefined {
  const top: SchemaNode | undefined = resolved(root, root)
  return path.reduce<SchemaNode | undefined>((node, key) => node && childOf(node, key, root), top)
}

function resolved(node: SchemaNode, root: SchemaNode): SchemaNode {
  const name = node.$ref?.split('/').at(-1)
  return name === undefined ? node : (root.$defs?.[name] ?? node)
}

/** Every issue in plain words; an unknown key is a finding of its own, with the key that was probably meant. */
export function describeIssues(error: z.core.$ZodError, value: unknown, schema: SchemaNode): Finding[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)))
    if (issue.code !== 'unrecognized_keys') return [{ path, detail: detailOf(issue, valueAt(value, path)) }]
    const known = Object.keys(nodeAt(schema, path)?.properties ?? {})
    return issue.keys.map((key) => ({ path: [...path, key], detail: `no such field${didYouMean(key, known)}` }))
  })
}

function detailOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_key') return `not as a name: ${issue.issues[0]?.message ?? issue.message}`
  if (issue.code !== 'custom' && value === undefined) return 'is missing'
  // a schema's own words stay
  if (issue.code === 'too_small' && issue.message.startsWith('Too small'))
    return `${sizeOf(issue)} ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum}`
  if (issue.code === 'too_big' && issue.message.startsWith('Too big'))
    return `${sizeOf(issue)} ${issue.inclusive ? 'at most' : 'below'} ${issue.maximum}`
  return issue.message.replace(/^Invalid (?:input|option): /, '')
}

const sizes: Readonly<Record<string, string>> = { string: 'length must be', array: 'number of values must be' }

const sizeOf = ({ origin }: { readonly origin: string }) => sizes[origin] ?? 'must be'

/** RFC 6901. */
export function jsonPointer(path: ValuePath): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function valueAt(value: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>((above, key) => Object(above)[key], value)
}
