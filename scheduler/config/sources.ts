import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import { type EnvironmentSetting, readEnvironment } from './environment.ts'
import { readNamedFiles } from './named-files.ts'
import type { ValuePath } from './zod-problems.ts'

/** What is wrong with one setting, and where its value came from. */
export interface ConfigProblem {
  readonly path: ValuePath
  /** `anomaly-times.yaml:12` or the name of a variable. */
  readonly origin: string
  readonly detail: string
}

export interface RawConfig {
  /** As written, files of secrets read, nothing checked yet. */
  readonly tree: unknown
  readonly problems: readonly ConfigProblem[]
  origin(path: ValuePath): string
}

type Tree = Record<string | number, unknown>

/** File below, environment above. `file` is undefined when there is none. */
export function readSources(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): RawConfig {
  const fromFile = file === undefined ? noFile : readConfigFile(file)
  const fromEnvironment = readEnvironment(environment)
  const tree = fromEnvironment.settings.reduce(
    (below, setting) => overlay(below, setting.path, setting.value),
    fromFile.tree,
  )
  const origin = (path: ValuePath) => variableOf(fromEnvironment.settings, path) ?? fromFile.origin(path)
  const named = readNamedFiles(tree)
  return {
    tree: named.tree,
    origin,
    problems: [
      ...fromFile.problems,
      ...fromEnvironment.problems.map(({ variable, detail }) => ({ path: [], origin: variable, detail })),
      ...named.problems.map((problem) => ({ ...problem, origin: origin(problem.path) })),
    ],
  }
}

const noFile: RawConfig = { tree: {}, problems: [], origin: () => 'not set' }

function readConfigFile(file: string): RawConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const detail = `cannot be read (${(error as NodeJS.ErrnoException).code ?? error})`
    return { ...noFile, problems: [{ path: [], origin: file, detail }] }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`
  const problems = document.errors.map(({ message, pos }) => ({
    path: [],
    origin: at(pos[0]),
    detail: `no YAML: ${message.split('\n')[0]}`,
  }))
  if (problems.length > 0) return { ...noFile, problems }
  const origin = (path: ValuePath): string => {
    const node = document.getIn(path, true) as { range?: readonly number[] } | undefined
    if (node?.range) return at(node.range[0] ?? 0)
    return path.length === 0 ? file : origin(path.slice(0, -1))
  }
  try {
    return { tree: document.toJS() ?? {}, problems, origin }
  } catch (error) {
    // aliases within aliases are refused before they fill the memory
    return {
      ...noFile,
      problems: [{ path: [], origin: file, detail: `no YAML: ${error instanceof Error ? error.message : error}` }],
    }
  }
}

/** Sets one value, making maps and lists on the way; a value that is none of both is left for the schema to refuse. */
function overlay(tree: unknown, path: ValuePath, value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  const isList = typeof key === 'number'
  if (tree !== undefined && tree !== null && (typeof tree !== 'object' || Array.isArray(tree) !== isList)) return tree
  const copy = (isList ? [...((tree as unknown[]) ?? [])] : { ...(tree as Tree) }) as Tree
  copy[key] = overlay(copy[key], rest, value)
  return copy
}

/** The variable that set this path or something above it. */
function variableOf(settings: readonly EnvironmentSetting[], path: ValuePath): string | undefined {
  return settings.findLast(({ path: set }) => set.every((key, i) => key === path[i]))?.variable
}
