import { STATUS_CODES } from 'node:http'

interface Node {
  $ref?: string
  [key: string]: unknown
}

interface Operation {
  requestBody?: { required?: boolean; content: Record<string, { schema: Node }> }
  responses?: Record<string, { description: string }>
}

interface Generated {
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Node> }
}

/**
 * What the generator leaves over: a twin of every schema for requests, schemas that nobody refers to, `Default Response`,
 * and bodies that may be left out but are said to be required.
 */
export function tidyDocument<Described extends object>(document: Described): Described {
  const copy = JSON.parse(JSON.stringify(document)) as Described & Generated
  const { paths = {}, components = {} } = copy
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) tidyOperation(operation)
  const { schemas = {} } = components
  const used = [...reachableFrom(paths, schemas)]
  const names = new Map(used.map((name) => [name, nameOf(name, used, schemas)]))
  components.schemas = Object.fromEntries([...names].map(([name, named]) => [named, schemas[name] ?? {}]))
  forEachReference(copy, (node, name) => {
    node.$ref = `${prefix}${names.get(name) ?? name}`
  })
  return copy
}

function tidyOperation({ requestBody, responses = {} }: Operation): void {
  for (const [status, response] of Object.entries(responses)) {
    if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? status
  }
  if (!requestBody) return
  for (const content of Object.values(requestBody.content)) {
    const { anyOf = [] } = content.schema as { anyOf?: Node[] }
    const given = anyOf.filter(({ type }) => type !== 'null')
    if (given.length === anyOf.length || !given[0]) continue
    content.schema = given.length > 1 ? { ...content.schema, anyOf: given } : given[0]
    requestBody.required = false
  }
}

const prefix = '#/components/schemas/'

function forEachReference(node: unknown, visit: (node: Node, name: string) => void): void {
  if (typeof node !== 'object' || node === null) return
  const { $ref } = node as Node
  if (typeof $ref === 'string' && $ref.startsWith(prefix)) visit(node as Node, $ref.slice(prefix.length))
  for (const child of Object.values(node)) forEachReference(child, visit)
}

/** Names of all schemas that are referred to, in the order of their first use. */
function reachableFrom(root: unknown, schemas: Readonly<Record<string, Node>>): Set<string> {
  const names = new Set<string>()
  const visit = (_: Node, name: string): void => {
    if (names.has(name)) return
    names.add(name)
    forEachReference(schemas[name], visit)
  }
  forEachReference(root, visit)
  return names
}

/** A request's schema is called as the answer's where that is the same, or where there is none. */
function nameOf(name: string, used: readonly string[], schemas: Readonly<Record<string, Node>>): string {
  const base = name.replace(/Input$/, '')
  const text = (schema: Node | undefined) =>
    JSON.stringify(schema).replace(/(#\/components\/schemas\/\w+?)Input"/g, '$1"')
  return !used.includes(base) || text(schemas[name]) === text(schemas[base]) ? base : name
}
