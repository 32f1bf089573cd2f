import { z } from 'zod'
import { configSchema } from './schema.ts'
import { childOf as childIn, type SchemaNode } from './zod-problems.ts'

/** One description of all settings: environment names, hints and types follow from it. */
export const settingTree = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode

export function childOf(node: SchemaNode, key: string | number): SchemaNode | undefined {
  return childIn(node, key, settingTree)
}

/** Every setting with a fixed path: what stands in lists and maps has none. */
export function fixedPaths(node: SchemaNode = settingTree, path: readonly string[] = []): (readonly string[])[] {
  return Object.keys(node.properties ?? {}).flatMap((key) => {
    const child = childOf(node, key)
    return child ? [[...path, key], ...fixedPaths(child, [...path, key])] : []
  })
}
