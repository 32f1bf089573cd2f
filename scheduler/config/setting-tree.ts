import { z } from 'zod'
import { configSchema } from './schema.ts'

/** The part of JSON Schema that zod makes of our settings. */
export interface SettingNode {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, SettingNode>>
  readonly items?: SettingNode
  readonly additionalProperties?: SettingNode | boolean
}

interface RootNode extends SettingNode {
  readonly $defs?: Readonly<Record<string, SettingNode>>
}

export type SettingPath = readonly (string | number)[]

/** One description of all settings: environment names, hints and types follow from it. */
export const settingTree = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as RootNode

/** What stands below `key`; undefined when the settings know no such key. */
export function childOf(node: SettingNode, key: string | number): SettingNode | undefined {
  const child =
    typeof key === 'string' && node.properties && Object.hasOwn(node.properties, key)
      ? node.properties[key]
      : typeof key === 'number'
        ? node.items
        : node.additionalProperties
  return typeof child === 'object' ? resolved(child) : undefined
}

export function nodeAt(path: SettingPath): SettingNode | undefined {
  return path.reduce<SettingNode | undefined>((node, key) => node && childOf(node, key), settingTree)
}

/** Every setting with a fixed path: what stands in lists and maps has none. */
export function fixedPaths(node: SettingNode = settingTree, path: readonly string[] = []): (readonly string[])[] {
  return Object.keys(node.properties ?? {}).flatMap((key) => {
    const child = childOf(node, key)
    return child ? [[...path, key], ...fixedPaths(child, [...path, key])] : []
  })
}

function resolved(node: SettingNode): SettingNode {
  const name = node.$ref?.split('/').at(-1)
  return name === undefined ? node : (settingTree.$defs?.[name] ?? node)
}
